// Numbers that look random and are the same for the same seed.

export function randomFrom(seed) {
	let state = (seed * 2654435761) >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}

export function oneOf(list, chance) {
	return list[Math.floor(chance() * list.length)];
}

export function whole(from, to, chance) {
	return from + Math.floor(chance() * (to - from + 1));
}

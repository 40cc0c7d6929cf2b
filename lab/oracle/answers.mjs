// Random answers for the controls of a form, and how each is typed in.
import { oneOf, whole } from './chance.mjs';

const BLANK = 0.15;
const WORDS = ['abc', 'Zoe', 'two words', '7', 'x1', 'Amsterdam'];
const DAY = 86_400_000;

// Texts and numbers a form's own expressions compare with: what random answers would hardly ever hit.
export function entriesOf(source) {
	const expressions = [...source.matchAll(/\b(?:relevant|constraint|calculate|required|readonly|nodeset|value|ref)\s*=\s*"([^"]*)"/g)];
	const plain = expressions.map(([, text]) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&apos;', "'"));
	const texts = plain.flatMap((text) => [...text.matchAll(/'([^']{1,20})'/g)].map(([, each]) => each));
	const numbers = plain.flatMap((text) => [...text.matchAll(/(?<![\w.'/-])\d{1,6}(?:\.\d{1,4})?(?![\w'])/g)].map(([each]) => Number(each)));
	return { texts: [...new Set(texts.map((text) => text.trim()))].filter((text) => text && !text.startsWith('uuid')), numbers: [...new Set(numbers)], types: typesOf(source) };
}

// How often a repeat goes round is a number, whatever type the form gives it.
function typesOf(source) {
	const form = new DOMParser().parseFromString(source, 'text/xml');
	const types = new Map();
	for (const repeat of form.querySelectorAll('repeat')) {
		const count = [...repeat.attributes].find((each) => each.name.endsWith(':count'))?.value.trim();
		if (count?.startsWith('/')) types.set(count, 'int');
	}
	return types;
}

// Give the node an answer; return it as it was typed. (A chance that is always 0 leaves it blank where that is allowed.)
export function typed(node, chance, { texts, numbers, types }) {
	const needed = node.currentState.required || types.has(node.definition.nodeset);
	const blank = !needed && chance() < BLANK;
	switch (node.nodeType) {
		case 'select':
			return selected(node, node.currentState.valueOptions.map((option) => option.value), blank, chance);
		case 'rank': {
			const values = blank ? [] : shuffled(node.currentState.valueOptions.map((option) => option.value), chance);
			node.setValues(values);
			return values.join(' ');
		}
		case 'trigger':
			node.setValue(!blank);
			return blank ? '' : 'OK';
		case 'upload':
			node.setValue(blank ? null : new File(['x'], 'file.bin'));
			return blank ? '' : 'file.bin';
		case 'range': {
			const value = blank ? null : inRange(node, chance);
			node.setValue(value);
			return value ?? '';
		}
		default: {
			const value = blank ? '' : written(types.get(node.definition.nodeset) ?? node.valueType, chance, { texts, numbers });
			node.setValue(value);
			return value;
		}
	}
}

function selected(node, values, blank, chance) {
	if (blank || values.length === 0) {
		node.selectValues([]);
		return '';
	}
	if (node.selectType === 'select1') {
		const value = oneOf(values, chance);
		node.selectValue(value);
		return value;
	}
	const wanted = values.filter(() => chance() < 0.4);
	const chosen = wanted.length ? [...new Set(wanted)] : [oneOf(values, chance)];
	node.selectValues(chosen);
	return chosen.join(' ');
}

function shuffled(values, chance) {
	return values.map((value) => [chance(), value]).sort(([a], [b]) => a - b).map(([, value]) => value);
}

function inRange(node, chance) {
	const { start, end, step } = node.definition.bounds;
	const steps = Math.floor((Number(end) - Number(start)) / Math.abs(Number(step)));
	const value = Number(start) + whole(0, steps, chance) * Math.abs(Number(step));
	return String(Math.round(value * 1e6) / 1e6);
}

function written(type, chance, { texts, numbers }) {
	switch (type) {
		case 'int':
			return String(number(numbers, chance, 0));
		case 'decimal':
			return String(number(numbers, chance, 2));
		case 'date':
			return day(chance);
		case 'time':
			return `${clock(chance)}.000Z`;
		case 'dateTime':
			return `${day(chance)}T${clock(chance)}.000Z`;
		case 'geopoint':
			return place(chance);
		case 'geotrace':
			return [place(chance), place(chance)].join('; ');
		case 'geoshape': {
			const first = place(chance);
			return [first, place(chance), place(chance), first].join('; ');
		}
		default: {
			const pool = chance() < 0.4 && texts.length ? texts : chance() < 0.3 ? numbers.map(String) : WORDS;
			return pool.length ? oneOf(pool, chance) : oneOf(WORDS, chance);
		}
	}
}

function number(numbers, chance, places) {
	const near = numbers.length && chance() < 0.5;
	const value = near ? oneOf(numbers, chance) + whole(-1, 1, chance) : whole(0, chance() < 0.7 ? 5 : 120, chance);
	const fine = places ? value + whole(0, 3, chance) / 4 : Math.trunc(value);
	return fine;
}

function day(chance) {
	const years = chance() < 0.5 ? 2 : 60;
	const date = new Date(Date.now() + whole(-365 * years, chance() < 0.3 ? 400 : 0, chance) * DAY);
	return date.toISOString().slice(0, 10);
}

function clock(chance) {
	return [whole(0, 23, chance), whole(0, 59, chance), 0].map((each) => String(each).padStart(2, '0')).join(':');
}

function place(chance) {
	return `${whole(-80, 80, chance) + 0.25} ${whole(-170, 170, chance) + 0.5} 0.0 0.0`;
}

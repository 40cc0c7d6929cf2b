// Fills in forms with random answers in the forms engine of another project and tells what that engine makes of each.
//
//     node drive.mjs RUNS FORM… > one line of JSON per form
//
// Per form: {"form", "failure"} or {"form", "now", "runs": [{"seed", "first": state, "steps": [{"at", "value", "state"}], "end"}]}.
// A state holds what has changed since the one before, by reference: [relevant, value, required, readonly, complaint],
// null for what is gone. A run answers each control, in the order of the form, and now and then an earlier one again;
// what is not taken is tried again.
import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';
import { entriesOf, typed } from './answers.mjs';
import { oneOf, randomFrom } from './chance.mjs';

const MOST_STEPS = 150;
const MOST_TRIES = 8;
const MOST_PASSES = 3;
// How often an earlier answer is given again, with another value, before the next one.
const CORRECTED = 0.12;

const engine = await engineInNode();
const [runs, ...forms] = process.argv.slice(2);
for (const form of forms) {
	const line = `${JSON.stringify(await told(form, Number(runs)))}\n`;
	// Node ends without writing out what waits.
	await new Promise((written) => process.stdout.write(line, written));
}
process.exit(0);

// The engine is made for browsers: it wants a document, and takes its grammar from the network's side of a bundle.
async function engineInNode() {
	const { window } = new JSDOM('', { url: 'http://localhost/' });
	for (const name of Object.getOwnPropertyNames(window)) {
		if (!(name in globalThis)) globalThis[name] = window[name];
	}
	globalThis.window = window;
	await fetch('data:text/plain,'); // Node's own fetch asks for its version when it first runs
	const versions = process.versions;
	Object.defineProperty(process, 'versions', { value: { ...versions, node: undefined }, configurable: true });
	try {
		return await import('@getodk/xforms-engine');
	} finally {
		Object.defineProperty(process, 'versions', { value: versions });
	}
}

async function told(form, count) {
	const source = spelt(readFileSync(form, 'utf8'));
	const now = new Date().toISOString();
	try {
		const runs = [];
		for (let seed = 1; seed <= count; seed += 1) runs.push(await filledIn(source, seed));
		return { form, now, runs };
	} catch (error) {
		return { form, failure: String(error?.message || error || 'no reason is given').slice(0, 300) };
	}
}

// Some forms bind nodes relative to the root of the data, which this engine does not notice: write the whole path.
function spelt(source) {
	const form = new DOMParser().parseFromString(source, 'text/xml');
	const root = form.querySelector('instance > *')?.localName;
	const relative = [...form.querySelectorAll('bind')].filter((bind) => /^[\w]/.test(bind.getAttribute('nodeset') ?? ''));
	for (const bind of relative) bind.setAttribute('nodeset', `/${root}/${bind.getAttribute('nodeset')}`);
	return relative.length && root ? new XMLSerializer().serializeToString(form) : source;
}

async function filledIn(source, seed) {
	const loaded = await engine.loadForm(source, {
		fetchFormAttachment: async () => new Response('', { status: 404 }),
		missingResourceBehavior: engine.constants.MISSING_RESOURCE_BEHAVIOR.BLANK,
	});
	if (loaded.status === 'failure') throw loaded.error;
	const { root } = loaded.createInstance();
	const chance = randomFrom(seed);
	const entries = entriesOf(source);
	const run = { seed, first: null, steps: [], end: 'done' };
	let state = {};
	const look = () => {
		const next = stateOf(root);
		const changes = {};
		for (const [at, facts] of Object.entries(next)) {
			if (JSON.stringify(state[at]) !== JSON.stringify(facts)) changes[at] = facts;
		}
		for (const at of Object.keys(state)) if (!(at in next)) changes[at] = null;
		state = next;
		return changes;
	};
	run.first = look();
	try {
		run.end = fill(root, chance, entries, orderOf(source), run, look);
	} catch (error) {
		// What was answered until then still counts.
		run.end = `broken: ${String(error?.message || error).slice(0, 300)}`;
	}
	return run;
}

function fill(root, chance, entries, order, run, look) {
	const done = new Set();
	while (run.steps.length < MOST_STEPS) {
		const earlier = chance() < CORRECTED ? oneOf(candidates(root, order, []).filter(({ node }) => again(node, done)), chance) : undefined;
		if (earlier !== undefined && !answered(earlier.node, chance, entries, run, look, { again: true })) {
			return 'stuck';
		}
		const node = nextOf(root, done, order);
		if (node === undefined) return 'done';
		if (node.nodeType === 'repeat-range:uncontrolled') {
			const passes = node.currentState.children.length;
			const at = node.currentState.reference;
			const add = passes < MOST_PASSES && chance() < 0.4;
			if (add) node.addInstances();
			else done.add(node.nodeId);
			run.steps.push({ at, add, state: look() });
			continue;
		}
		done.add(node.nodeId);
		if (!answered(node, chance, entries, run, look)) {
			return 'stuck';
		}
	}
	return 'cut';
}

// Whether an answer can be given another time.
function again(node, done) {
	return done.has(node.nodeId) && !node.nodeType.startsWith('repeat-range');
}

function answered(node, chance, entries, run, look, more = {}) {
	const at = node.currentState.reference;
	for (let tries = 1; tries <= MOST_TRIES + 1; tries += 1) {
		const value = typed(node, tries > MOST_TRIES ? () => 0 : chance, entries);
		run.steps.push({ at, kind: node.nodeType, value, ...more, state: look() });
		if (node.validationState.violation === null) return true;
	}
	return false;
}

// Where the body of the form speaks of a node: it may ask in another order than the data lie.
function orderOf(source) {
	const { documentElement } = new DOMParser().parseFromString(source, 'text/xml');
	const body = [...documentElement.children].find((child) => child.localName === 'body');
	const places = new Map();
	for (const element of body?.querySelectorAll('*') ?? []) {
		if (['itemset', 'label', 'odk:recordaudio', 'odk:setgeopoint', 'output', 'setvalue', 'value'].includes(element.tagName)) continue;
		const reference = element.getAttribute('nodeset') ?? element.getAttribute('ref');
		if (reference?.startsWith('/') && !places.has(reference)) places.set(reference, places.size);
	}
	return places;
}

// The next to be asked: nodes are compared by where the body has them, within a repeat pass by pass.
function nextOf(root, done, order) {
	const asked = candidates(root, order, []).filter(({ node }) => !done.has(node.nodeId));
	return asked.sort((a, b) => inOrder(a.place, b.place))[0]?.node;
}

function candidates(node, order, around) {
	const { relevant, children, readonly } = node.currentState;
	if (!relevant) return [];
	const place = [...around, order.get(node.definition.nodeset) ?? Number.MAX_SAFE_INTEGER];
	if (children === null) {
		return ['model-value', 'note'].includes(node.nodeType) || readonly ? [] : [{ node, place }];
	}
	if (!node.nodeType.startsWith('repeat-range')) return children.flatMap((child) => candidates(child, order, around));
	const passes = children.flatMap((child, number) => candidates(child, order, [...place, number]));
	const more = node.nodeType === 'repeat-range:uncontrolled' && !readonly;
	return more ? [...passes, { node, place: [...place, Number.MAX_SAFE_INTEGER] }] : passes;
}

function inOrder(first, second) {
	const at = first.findIndex((place, number) => place !== second[number]);
	return at < 0 ? 0 : first[at] - (second[at] ?? -1);
}

function stateOf(node, state = {}) {
	const { relevant, children, reference, required, readonly } = node.currentState;
	if (children === null) {
		const complaint = node.validationState.violation?.condition ?? '';
		state[reference] = [Number(relevant), node.currentState.instanceValue, Number(required), Number(readonly), complaint];
		if (node.currentState.valueOptions) state[reference].push(node.currentState.valueOptions.map((each) => each.value));
		return state;
	}
	if (node.nodeType !== 'root') state[reference] = [Number(relevant)];
	if (node.nodeType.startsWith('repeat-range')) {
		// A range has its instances' reference.
		delete state[reference];
		state[`${reference}[]`] = [Number(relevant), children.length];
	}
	for (const child of children) stateOf(child, state);
	return state;
}

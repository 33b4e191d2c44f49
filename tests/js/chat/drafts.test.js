// A person's words are never lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Drafts } from '../../../static/js/chat/drafts.js';

class Shelf extends Map {
  getItem(key) {
    return this.get(key) ?? null;
  }
  setItem(key, value) {
    this.set(key, value);
  }
  removeItem(key) {
    this.delete(key);
  }
}

test('each chat and each operator has words of their own, over a reload', () => {
  const shelf = new Shelf();
  const drafts = new Drafts('laura', shelf);
  drafts.keep('s1', 'uno');
  drafts.keep('s2', 'dos');
  drafts.setProblem('s1', 'refused');
  const after = new Drafts('laura', shelf);
  assert.deepEqual(after.get('s1'), { text: 'uno', problem: 'refused' });
  assert.deepEqual(after.get('s2'), { text: 'dos', problem: '' });
  assert.deepEqual(new Drafts('ana', shelf).get('s1'), { text: '', problem: '' });
});

test('a page that goes while a text is under way has it back', () => {
  const shelf = new Shelf();
  const drafts = new Drafts('laura', shelf);
  drafts.send('s1', 'uno');
  drafts.keep('s1', 'dos');
  assert.equal(drafts.get('s1').text, 'dos');
  assert.equal(new Drafts('laura', shelf).get('s1').text, 'uno\ndos');
  drafts.taken('s1', 'uno');
  assert.equal(new Drafts('laura', shelf).get('s1').text, 'dos');
});

test('what is refused comes back in its order, before what was written since', () => {
  const shelf = new Shelf();
  const drafts = new Drafts('laura', shelf);
  drafts.send('s1', 'uno');
  drafts.send('s1', 'dos');
  drafts.keep('s1', 'tres');
  drafts.refused('s1', 'uno', 'no');
  assert.deepEqual(drafts.get('s1'), { text: 'uno\ndos\ntres', problem: 'no' });
  assert.equal(new Drafts('laura', shelf).get('s1').text, 'uno\ndos\ntres');
});

test('nothing is left of what was taken, and no problem without words', () => {
  const shelf = new Shelf();
  const drafts = new Drafts('laura', shelf);
  drafts.send('s1', 'uno');
  drafts.taken('s1', 'uno');
  assert.equal(shelf.size, 0);
  drafts.send('s1', 'dos');
  drafts.refused('s1', 'dos', 'no');
  drafts.keep('s1', '');
  assert.equal(shelf.size, 0);
});

test('another tab is heard, but not over what is under way here', () => {
  const shelf = new Shelf();
  const [here, there] = [new Drafts('laura', shelf), new Drafts('laura', shelf)];
  here.get('s1');
  there.keep('s1', 'de allí');
  const [key] = shelf.keys();
  assert.equal(here.changedElsewhere(key), 's1');
  assert.equal(here.get('s1').text, 'de allí');
  here.send('s1', 'de aquí');
  assert.equal(here.changedElsewhere(key), null);
  assert.equal(here.changedElsewhere('something else'), null);
});

test('a store that is full or broken costs nothing here', () => {
  const broken = new Shelf();
  broken.setItem = () => {
    throw new Error('full');
  };
  broken.getItem = () => '{';
  const drafts = new Drafts('laura', broken);
  drafts.keep('s1', 'uno');
  assert.equal(drafts.get('s1').text, 'uno');
});

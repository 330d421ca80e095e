//! What one program does: brings a map into its state, then tries its ways there, beside the model.

use std::collections::BTreeSet;
use std::fmt;

use arenamap::ArenaMap;

use crate::subject::{Fresh, Hasher, Kind, Model, Subject};
use crate::support::Dice;
use crate::ways::{Add, Present, Remove, Scope, State};

/// One crossing of the matrix, for a given type and handle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) add: Add,
    pub(crate) remove: Remove,
    pub(crate) state: State,
    pub(crate) size: u64,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} and {:?}, {:?}, {} entries",
            self.add, self.remove, self.state, self.size
        )
    }
}

/// What a program did.
#[derive(Default)]
pub(crate) struct Done {
    /// Entries that it added, removed and checked.
    pub(crate) operations: u64,
    /// Ways that were called while entries were on their way to a larger table.
    pub(crate) adds_in_growth: BTreeSet<Add>,
    pub(crate) removes_in_growth: BTreeSet<Remove>,
}

/// Ids from here on are never added.
const ABSENT: u64 = 1 << 40;

struct Run<'f, S: Subject> {
    map: S,
    model: Model<S::Key>,
    /// Ids in the map, in an order of no meaning.
    live: Vec<u64>,
    next: u64,
    dice: Dice,
    fresh: Fresh<'f, S::Handle>,
    done: Done,
}

/// Runs a program.
pub(crate) fn run<S: Subject>(program: Program, fresh: Fresh<'_, S::Handle>) -> Done {
    let Program {
        add,
        remove,
        state,
        size,
    } = program;
    let witness: ArenaMap<u8, u8, Hasher, S::Handle> = ArenaMap::with_hasher_in(Hasher::default(), fresh());
    let others = witness.arena_stats().used;
    let map = S::new_in(fresh());
    let used_before = map.used();
    let mut run = Run::<S> {
        map,
        model: Model::default(),
        live: Vec::new(),
        next: 0,
        dice: Dice::new(size),
        fresh,
        done: Done::default(),
    };
    match state {
        State::Fresh => run.fill(add, size),
        State::Reserved => {
            run.map.reserve(usize::try_from(size).unwrap());
            let room = run.map.capacity();
            assert!(room >= usize::try_from(size).unwrap(), "what was reserved");
            run.fill(add, size);
            // Ways that make a map anew keep no room.
            assert!(
                add.scope() != Scope::One || run.map.capacity() == room,
                "what was reserved is enough"
            );
        }
        State::Shrunk => {
            run.fill(add, 2 * size);
            run.shed(remove, size);
            run.map.shrink_to_fit();
            run.check();
        }
        State::Cleared => {
            run.fill(add, 2 * size);
            run.map.remove(Remove::Clear, &[], &mut run.model, fresh);
            run.live.clear();
            run.check();
            run.fill(add, size);
        }
        State::Churned(times) => {
            run.fill(add, size);
            run.churn(&[(add, remove)], times * size);
        }
        State::Growing(beyond) => {
            run.fill(add, size);
            let room = run.map.capacity();
            let mut hunt = size + 8;
            // Ways that go over all entries find the move under way, and need not bring it about.
            let hunter = if add.scope() == Scope::One { add } else { Add::Insert };
            while run.map.capacity() == room && hunt > 0 {
                run.fill(hunter, 1);
                hunt -= 1;
            }
            run.check();
            run.fill(add, beyond);
        }
    }
    run.check();
    run.overwrite(add);
    run.churn(&[(add, remove)], size.min(40));
    run.check();
    run.empty(remove);
    run.check();
    run.fill(add, 4);
    run.check();
    let Run { map, done, .. } = run;
    finish(map, used_before, program.size.is_multiple_of(2));
    assert_eq!(witness.arena_stats().used, others, "bytes in the arena");
    done
}

/// One map, all ways in turn: `ways` are tried on it one after the other, over and over.
pub(crate) fn run_all_in_turn<S: Subject>(
    ways: &[(Add, Remove)],
    size: u64,
    pairs: u64,
    fresh: Fresh<'_, S::Handle>,
) -> Done {
    let map = S::new_in(fresh());
    let used_before = map.used();
    let mut run = Run::<S> {
        map,
        model: Model::default(),
        live: Vec::new(),
        next: 0,
        dice: Dice::new(size),
        fresh,
        done: Done::default(),
    };
    run.fill(ways[0].0, size);
    run.check();
    run.churn(ways, pairs);
    run.check();
    run.empty(ways[0].1);
    run.check();
    let Run { map, done, .. } = run;
    finish(map, used_before, false);
    done
}

/// Gives everything back, by drop or by `into_handle`.
fn finish<S: Subject>(map: S, used_before: usize, by_drop: bool) {
    if by_drop {
        drop(map); // the witness looks, where it shares the arena
    } else {
        let probe: ArenaMap<u8, u8, Hasher, S::Handle> = ArenaMap::with_hasher_in(Hasher::default(), map.into_handle());
        assert_eq!(
            probe.arena_stats().used,
            used_before,
            "bytes that the map leaves behind"
        );
    }
}

impl<S: Subject> Run<'_, S> {
    fn number(&mut self) -> u64 {
        if S::VALUES { self.dice.below(1 << 32) } else { 0 }
    }

    /// Adds new entries.
    fn fill(&mut self, way: Add, count: u64) {
        let batch: Vec<(u64, u64)> = (self.next..self.next + count).map(|id| (id, self.number())).collect();
        self.next += count;
        if self.map.left_to_move() > 0 {
            self.done.adds_in_growth.insert(way);
        }
        self.map.add(way, &batch, self.fresh);
        for (id, number) in batch {
            self.model.insert(S::key(id), number);
            self.live.push(id);
        }
        self.done.operations += count;
    }

    /// Removes entries chosen by lot. Some ways take more of them, or fewer: returns how many left.
    fn shed(&mut self, way: Remove, count: u64) -> u64 {
        let before = self.live.len();
        let count = before.min(usize::try_from(count).unwrap());
        for i in 0..count {
            let rest = u64::try_from(before - i).unwrap();
            let at = usize::try_from(self.dice.below(rest)).unwrap();
            self.live.swap(at, before - 1 - i);
        }
        let victims = self.live.split_off(before - count);
        if self.map.left_to_move() > 0 {
            self.done.removes_in_growth.insert(way);
        }
        self.map.remove(way, &victims, &mut self.model, self.fresh);
        if self.model.len() != self.live.len() {
            self.live.extend(victims);
            let model = &self.model;
            self.live.retain(|&id| model.contains_key(&S::key(id)));
        }
        let left = u64::try_from(before - self.live.len()).unwrap();
        self.done.operations += left;
        left
    }

    /// Removes and adds, at constant size: each way in turn, until there were so many pairs.
    fn churn(&mut self, ways: &[(Add, Remove)], pairs: u64) {
        let size = u64::try_from(self.live.len()).unwrap();
        let room = self.map.capacity();
        let settled = self.map.left_to_move() == 0;
        let (mut done, mut checked) = (0, 0);
        while done < pairs {
            for &(add, remove) in ways {
                let (unit, times) = match (remove.scope(), add.scope()) {
                    (Scope::All, _) => (size, 1),
                    (Scope::Half, _) | (_, Scope::Half) => (size.div_ceil(2), 1),
                    // Beside ways that go over all entries, some of these in a row.
                    _ => (1, if ways.len() == 1 { 1 } else { size.div_ceil(16) }),
                };
                for _ in 0..times {
                    let left = self.shed(remove, unit);
                    self.fill(add, left);
                    assert_eq!(self.map.len(), self.live.len());
                    done += left.max(1);
                }
                // Small maps are looked at all over now and again, large ones at their ends.
                if size < 32 && done - checked >= 4 * size {
                    self.check();
                    checked = done;
                }
            }
        }
        // What is removed leaves nothing behind, so that a map of constant size neither grows nor moves an entry.
        let one_by_one = |&(add, remove): &(Add, Remove)| add.scope() == Scope::One && remove.scope() == Scope::One;
        if settled && ways.iter().all(one_by_one) {
            assert_eq!((self.map.capacity(), self.map.left_to_move()), (room, 0), "after churn");
        }
    }

    /// Adds keys that are there: what happens to their values is the way's to say, and nothing grows.
    fn overwrite(&mut self, way: Add) {
        if way.present() == Present::Forbidden {
            return;
        }
        let ids: Vec<u64> = self.live.iter().copied().take(20).collect();
        let batch: Vec<(u64, u64)> = ids.iter().map(|&id| (id, self.number())).collect();
        let room = self.map.capacity();
        self.map.add(way, &batch, self.fresh);
        if way.scope() == Scope::One && batch.len() == 1 {
            assert_eq!(self.map.capacity(), room, "overwriting grows nothing");
        }
        if way.present() == Present::Overwrites {
            for &(id, number) in &batch {
                self.model.insert(S::key(id), number);
            }
        }
        self.done.operations += u64::try_from(batch.len()).unwrap();
        self.check();
    }

    fn empty(&mut self, way: Remove) {
        while !self.live.is_empty() {
            let all = u64::try_from(self.live.len()).unwrap();
            self.shed(way, all);
        }
    }

    fn check(&mut self) {
        self.map.check(&self.model, ABSENT..ABSENT + 4);
        self.done.operations += u64::try_from(self.model.len()).unwrap();
    }
}

impl Program {
    /// True if this program is possible on the handle: some ways make their arena themselves.
    pub(crate) fn fits<H: Kind>(&self) -> bool {
        fits::<H>(self.add, self.remove)
    }
}

pub(crate) fn fits<H: Kind>(add: Add, remove: Remove) -> bool {
    use crate::ways::On;
    add.is_built() && (H::OWNED || (add.on() == On::Any && remove.on() == On::Any))
}

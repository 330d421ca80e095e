//! Where the calls of a scope came from: stacks of addresses, and which blocks are still held.
//!
//! It grows while calls are recorded, inside the allocator: by `try_reserve`, so that a lack of memory loses records and
//! nothing else.

use std::hash::BuildHasher;
use std::vec::Vec;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use super::counts::{Call, Counts, Event, Limits, Measure};

/// What one place did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) held_blocks: u64,
    pub(super) held_bytes: u64,
}

/// One stack, as a piece of [`Record::frames`].
#[derive(Debug)]
struct Stack {
    start: usize,
    end: usize,
    tally: Tally,
}

#[derive(Debug)]
struct Block {
    stack: usize,
    bytes: usize,
}

/// The call by which a measure went beyond its limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offence {
    pub(super) stack: usize,
    pub(super) call: Call,
    pub(super) bytes: usize,
}

#[derive(Debug)]
pub(super) struct Record {
    limits: Limits,
    first: [Option<Offence>; Measure::ALL.len()],
    earliest: Option<Offence>,
    frames: Vec<usize>,
    stacks: Vec<Stack>,
    /// The stacks by hash of their frames.
    index: HashTable<usize>,
    /// The blocks taken and not given back, by address.
    blocks: HashMap<usize, Block, FixedState>,
    unrecorded: u64,
}

impl Record {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            first: [None; Measure::ALL.len()],
            earliest: None,
            frames: Vec::new(),
            stacks: Vec::new(),
            index: HashTable::new(),
            blocks: HashMap::with_hasher(FixedState::default()),
            unrecorded: 0,
        }
    }

    /// Enters a call; `counts` are those of the scope with this call.
    pub(super) fn enter(&mut self, event: &Event, frames: &[usize], counts: &Counts) {
        if event.from != 0 {
            self.given_back(event.from);
        }
        let Some(stack) = self.stack_of(frames) else {
            self.unrecorded += 1;
            return;
        };
        self.stacks[stack].tally.counts.add(event);
        if event.to != 0 && self.blocks.try_reserve(1).is_ok() {
            self.given_back(event.to); // freed by another thread meanwhile
            self.blocks.insert(
                event.to,
                Block {
                    stack,
                    bytes: event.taken,
                },
            );
            let tally = &mut self.stacks[stack].tally;
            tally.held_blocks += 1;
            tally.held_bytes += event.taken as u64;
        }
        let offence = Offence {
            stack,
            call: event.call,
            bytes: event.taken.max(event.freed),
        };
        for measure in Measure::ALL {
            let first = &mut self.first[measure as usize];
            // What is held may still be given back.
            if measure != Measure::Held && first.is_none() && self.limits.broken(measure, counts).is_some() {
                *first = Some(offence);
                self.earliest.get_or_insert(offence);
            }
        }
    }

    fn given_back(&mut self, address: usize) {
        if let Some(block) = self.blocks.remove(&address) {
            let tally = &mut self.stacks[block.stack].tally;
            tally.held_blocks -= 1;
            tally.held_bytes -= block.bytes as u64;
        }
    }

    /// The number of the stack with these frames.
    fn stack_of(&mut self, frames: &[usize]) -> Option<usize> {
        let hash = |frames: &[usize]| FixedState::default().hash_one(frames);
        let found = self.index.find(hash(frames), |&at| self.frames_of(at) == frames);
        if let Some(&at) = found {
            return Some(at);
        }
        self.frames.try_reserve(frames.len()).ok()?;
        self.stacks.try_reserve(1).ok()?;
        let (all, stacks) = (&self.frames, &self.stacks);
        let hash_at = |&at: &usize| hash(&all[stacks[at].start..stacks[at].end]);
        self.index.try_reserve(1, hash_at).ok()?;
        let at = self.stacks.len();
        self.index.insert_unique(hash(frames), at, |_| 0); // room was reserved: nothing is hashed
        let start = self.frames.len();
        self.frames.extend_from_slice(frames);
        self.stacks.push(Stack {
            start,
            end: self.frames.len(),
            tally: Tally::default(),
        });
        Some(at)
    }

    pub(super) fn frames_of(&self, stack: usize) -> &[usize] {
        let stack = &self.stacks[stack];
        &self.frames[stack.start..stack.end]
    }

    /// Every stack with what it did, in the order of their first calls.
    pub(super) fn stacks(&self) -> impl Iterator<Item = (&[usize], &Tally)> {
        let stacks = self.stacks.iter();
        stacks.map(|stack| (&self.frames[stack.start..stack.end], &stack.tally))
    }

    /// The call by which this measure went beyond its limit; never for what is held.
    pub(super) fn first_beyond(&self, measure: Measure) -> Option<Offence> {
        self.first[measure as usize]
    }

    /// The first call by which any measure did.
    pub(super) fn earliest(&self) -> Option<Offence> {
        self.earliest
    }

    /// Calls that are counted and have no stack, because there was no memory for it.
    pub(super) fn unrecorded(&self) -> u64 {
        self.unrecorded
    }
}

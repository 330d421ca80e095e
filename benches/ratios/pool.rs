//! Checkout and return, uncontended, against the locks that they are made of.

use std::hint::black_box;
use std::sync::Mutex;

use arenamap::{Arena, ArenaPool};
use crossbeam_queue::ArrayQueue;

use crate::support::race::{Lane, race};
use crate::support::report::Row;
use crate::{ROUNDS, SLICE, support};

pub(crate) fn rows(rows: &mut Vec<Row>) {
    let pool = ArenaPool::new();
    let (mutex, mut arena) = (Mutex::new(0_u64), Arena::new());
    let queue = ArrayQueue::new(8);
    let times = race(
        support::rounds(ROUNDS),
        SLICE,
        vec![
            Lane::new("checkout and return", 7, || *pool.checkout().alloc(black_box(7_u64))),
            Lane::new("two lock pairs + reset", 7, || {
                *mutex.lock().expect("not poisoned") += 1;
                let seven = *arena.alloc(black_box(7_u64));
                arena.reset();
                *mutex.lock().expect("not poisoned") -= 1;
                seven
            }),
            Lane::new("lock-free queue + reset", 7, || {
                let mut arena: Arena = queue.pop().unwrap_or_default();
                let seven = *arena.alloc(black_box(7_u64));
                arena.reset();
                drop(queue.push(arena));
                seven
            }),
        ],
    );
    rows.push(Row::of_times("pool", 1, &times[0], &times[1], Some(1.0)));
    rows.push(Row::of_times("pool", 1, &times[0], &times[2], None));
}

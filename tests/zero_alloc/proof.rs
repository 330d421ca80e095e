//! A claim and its control: the same shape of test, with opposite verdicts.
//!
//! A *claim* says that after its warm-up the measured work makes no call to the global heap. A *control* is the same work on a
//! heap map; it must be seen allocating, or the claim beside it proves nothing. Both run alone: one thread, one profiler.

use std::fmt::{self, Display};

use libtest_mimic::{Failed, Trial};

use crate::heap::{self, Calls};

/// How often the measured work runs: something that allocates every other time must not slip through.
const ROUNDS: usize = 3;

/// What the global heap saw during some work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Blocks that `dhat` counted: `alloc`, `alloc_zeroed` and `realloc` together.
    pub(crate) blocks: u64,
    /// Our own count of every call.
    pub(crate) calls: Calls,
}

impl Seen {
    const NOTHING: Seen = Seen {
        blocks: 0,
        calls: Calls {
            alloc: 0,
            alloc_zeroed: 0,
            realloc: 0,
            dealloc: 0,
        },
    };

    /// Runs `work` and counts; a profiler must be running.
    pub(crate) fn during(work: impl FnOnce()) -> Self {
        let blocks = dhat::HeapStats::get().total_blocks;
        let calls = Calls::so_far();
        work();
        let calls = Calls::so_far().since(calls);
        let blocks = dhat::HeapStats::get().total_blocks - blocks;
        Seen { blocks, calls }
    }

    /// Whether the two counters of this binary saw the same allocations.
    pub(crate) fn agrees(&self) -> bool {
        self.blocks == self.calls.alloc + self.calls.alloc_zeroed + self.calls.realloc
    }
}

impl Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Calls {
            alloc,
            alloc_zeroed,
            realloc,
            dealloc,
        } = self.calls;
        write!(
            f,
            "{alloc} alloc, {alloc_zeroed} alloc_zeroed, {realloc} realloc, {dealloc} dealloc; dhat: {} blocks",
            self.blocks
        )
    }
}

/// Claims that `measured` makes no call to the global heap once `warm_up` has run on the same state.
pub(crate) fn claim<S: 'static>(name: &str, set_up: fn() -> S, warm_up: fn(&mut S), measured: fn(&mut S)) -> Trial {
    trial(name, move || {
        let (seen, place) = run(set_up, warm_up, measured);
        match place {
            _ if seen == Seen::NOTHING => Ok(()),
            Some(place) => Err(format!("the heap was called: {seen}\nfirst call:\n{place}").into()),
            None => Err(format!("the heap was called: {seen}").into()),
        }
    })
}

/// The heap twin of a claim: it must be seen allocating in the measured work, after the same warm-up.
pub(crate) fn control<S: 'static>(name: &str, set_up: fn() -> S, warm_up: fn(&mut S), measured: fn(&mut S)) -> Trial {
    trial(&format!("{name}::control"), move || {
        let (seen, _) = run(set_up, warm_up, measured);
        if seen.blocks == 0 {
            return Err(format!("the heap twin did not allocate: {seen}").into());
        }
        if !seen.agrees() {
            return Err(format!("two counters, two answers: {seen}").into());
        }
        Ok(())
    })
}

/// A test of this binary; one that counts nothing useful where blocks come from the heap by design.
pub(crate) fn trial(name: &str, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::test(name, test).with_ignored_flag(cfg!(any(miri, arenamap_guard)))
}

fn run<S>(set_up: fn() -> S, warm_up: fn(&mut S), measured: fn(&mut S)) -> (Seen, Option<String>) {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut state = set_up();
    warm_up(&mut state);
    let mut place = None;
    let seen = Seen::during(|| {
        heap::arm();
        for _ in 0..ROUNDS {
            measured(&mut state);
        }
        place = heap::take_first_call();
    });
    (seen, place.map(|place| own_frames(&place.to_string())))
}

/// The frames of a backtrace that are this crate's, with their places.
fn own_frames(backtrace: &str) -> String {
    let mut own = String::new();
    let mut keep = false;
    for line in backtrace.lines() {
        let is_place = line.trim_start().starts_with("at ");
        if !is_place {
            keep = line.contains("arenamap::") || line.contains("zero_alloc::");
        }
        if keep {
            own.push_str(line);
            own.push('\n');
        }
    }
    own
}

/// The work of one request: warm-up is one cycle, measured are several more.
pub(crate) fn cycle_claim<S: 'static>(name: &str, set_up: fn() -> S, cycle: fn(&mut S)) -> Trial {
    claim(name, set_up, cycle, cycle)
}

/// The heap twin of [`cycle_claim`].
pub(crate) fn cycle_control<S: 'static>(name: &str, set_up: fn() -> S, cycle: fn(&mut S)) -> Trial {
    control(name, set_up, cycle, cycle)
}

/// One request per cycle on a map of every handle, and the same request on a heap map as the control.
///
/// The body gets `&mut` of a new, empty map; what it does runs once as the warm-up and then several times under the counters.
macro_rules! on_every_handle {
    ($name:literal, |$map:ident: $K:ty => $V:ty| $body:block) => {{
        use arenamap::{Arena, ArenaMap};
        use $crate::proof::{cycle_claim, cycle_control};
        use $crate::support::fixed;

        #[allow(unused_mut, reason = "without std there is no pool to add")]
        let mut trials = vec![
            cycle_claim(concat!($name, "::borrowed"), Arena::new, |arena| {
                {
                    let $map = &mut ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), &*arena);
                    $body
                }
                arena.reset();
            }),
            cycle_claim(
                concat!($name, "::owned"),
                || Some(Arena::new()),
                |slot| {
                    let arena = slot.take().expect("put back by the cycle before");
                    let mut owner = ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), arena);
                    {
                        let $map = &mut owner;
                        $body
                    }
                    let mut arena = owner.into_handle();
                    arena.reset();
                    *slot = Some(arena);
                },
            ),
            cycle_control(
                $name,
                || (),
                |()| {
                    let $map = &mut hashbrown::HashMap::<$K, $V, _>::with_hasher(fixed());
                    $body
                },
            ),
        ];
        #[cfg(feature = "std")]
        trials.extend([
            cycle_claim(
                concat!($name, "::pooled"),
                || (),
                |()| {
                    static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
                    let $map = &mut ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), POOL.checkout());
                    $body
                },
            ),
            cycle_claim(
                concat!($name, "::shared"),
                || (),
                |()| {
                    static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
                    let arena = POOL.checkout().share();
                    let $map = &mut ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), arena);
                    $body
                },
            ),
        ]);
        trials
    }};
}

/// As `on_every_handle`, for a body that consumes its map: the arena does not come back, so `owned` is left out.
macro_rules! consumed {
    ($name:literal, |$map:ident: $K:ty => $V:ty| $body:block) => {{
        use arenamap::{Arena, ArenaMap};
        use $crate::proof::{cycle_claim, cycle_control};
        use $crate::support::fixed;

        #[allow(unused_mut, reason = "without std there is no pool to add")]
        let mut trials = vec![
            cycle_claim(concat!($name, "::borrowed"), Arena::new, |arena| {
                {
                    let mut $map = ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), &*arena);
                    $body
                }
                arena.reset();
            }),
            cycle_control(
                $name,
                || (),
                |()| {
                    let mut $map = hashbrown::HashMap::<$K, $V, _>::with_hasher(fixed());
                    $body
                },
            ),
        ];
        #[cfg(feature = "std")]
        trials.push(cycle_claim(
            concat!($name, "::pooled"),
            || (),
            |()| {
                static POOL: arenamap::ArenaPool = arenamap::ArenaPool::new();
                let mut $map = ArenaMap::<$K, $V, _, _>::with_hasher_in(fixed(), POOL.checkout());
                $body
            },
        ));
        trials
    }};
}

pub(crate) use {consumed, on_every_handle};

//! The loop of a game: each tick builds maps of what is where, asks them, and starts anew.
//!
//! ```text
//! cargo run --release --features audit --example tick_loop
//! ```
//!
//! `Frame` is a plain struct of maps and lists, without a lifetime. A `Workspace` holds it beside its arena, and empties both
//! with one call. From the second tick on, no tick calls the heap.

use std::process::ExitCode;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::{Arena, ArenaVec, SharedArena, SharedMap, SizeHint, StillShared, Workspace};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

const UNITS: u32 = 5_000;
const FIELD: i32 = 400;
const TICKS: u32 = 200;

type Shared = SharedArena<'static>;
type Cell = (i32, i32);
/// The units in one cell: a list inside a map.
type Units = ArenaVec<u32, Shared>;

/// What one tick works with.
struct Frame {
    /// For lists that are made during the tick.
    arena: Shared,
    places: SharedMap<'static, u32, Cell>,
    grid: SharedMap<'static, Cell, Units>,
    hits: SharedMap<'static, u32, u32>,
}

impl Frame {
    fn new_in(arena: &Shared) -> Self {
        // How large these maps were in earlier ticks: they start there.
        static PLACES: SizeHint = SizeHint::new();
        static GRID: SizeHint = SizeHint::new();
        Self {
            arena: arena.clone(),
            places: SharedMap::with_hint_in(&PLACES, arena.clone()),
            grid: SharedMap::with_hint_in(&GRID, arena.clone()),
            hits: SharedMap::new_in(arena.clone()),
        }
    }
}

struct Game {
    frame: Workspace<Frame>,
    /// What outlives the ticks.
    points: u64,
}

impl Game {
    fn tick(&mut self, now: u32) -> Result<(), StillShared> {
        let frame = &mut *self.frame;
        for unit in 0..UNITS {
            let cell = place(unit, now);
            frame.places.insert(unit, cell);
            let units = frame.grid.entry(cell);
            units
                .or_insert_with(|| ArenaVec::new_in(frame.arena.clone()))
                .push(unit);
        }
        for (&unit, &(x, y)) in &frame.places {
            let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
            for other in near.filter_map(|cell| frame.grid.get(&cell)).flatten() {
                if other % 2 != unit % 2 {
                    *frame.hits.entry(*other).or_insert(0) += 1;
                }
            }
        }
        self.points += frame.hits.values().filter(|hits| **hits > 1).count() as u64;
        self.frame.reset()
    }
}

/// Where a unit is: they walk at different speeds.
fn place(unit: u32, now: u32) -> Cell {
    let (unit, now) = (unit.cast_signed(), now.cast_signed());
    let x = unit * 37 + now * (1 + unit % 3);
    let y = unit * 91 + now * (1 + unit % 2);
    (x.rem_euclid(FIELD), y.rem_euclid(FIELD))
}

fn main() -> ExitCode {
    let mut game = Game {
        // Ticks differ a little: room for the largest, from the start.
        frame: Workspace::new_in(Arena::with_capacity(2 << 20).share(), Frame::new_in),
        points: 0,
    };
    let mut late = 0;
    for now in 0..TICKS {
        let (done, allocation) = AllocScope::measure(|| game.tick(now));
        if let Err(error) = done {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
        let calls = allocation.counts().calls();
        if now < 3 {
            println!("tick {now}: {calls} heap calls");
        }
        late += if now < 3 { 0 } else { calls };
    }
    println!("ticks 3 to {}: {late} heap calls", TICKS - 1);
    println!(
        "{} points; the arena holds {} bytes",
        game.points,
        game.frame.arena().held()
    );
    if late == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

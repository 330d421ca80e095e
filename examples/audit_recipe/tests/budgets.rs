//! What each handler may ask of the allocator: ordinary tests, run in parallel.

use arenamap::audit::{Budget, CountingAllocator};
use arenamap::{Arena, ArenaPool, assert_no_alloc};
use audit_recipe::connections::Connections;
use audit_recipe::cursors::Cursors;
use audit_recipe::index::Index;
use audit_recipe::report::report;
use audit_recipe::scratch::Scratch;
use audit_recipe::sessions::Sessions;
use audit_recipe::uploads::upload;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator::system();

/// Nothing is asked for, nothing is given back.
const fn silent(name: &'static str) -> Budget {
    Budget::new(name).allocs(0).deallocs(0)
}

#[test]
fn the_report_handler_makes_no_call_once_warm() {
    let pool = ArenaPool::new();
    let lines = "/a 200\n/a 404\n/b 200\n/a 200\n";
    assert_eq!((report(&pool, lines), report(&pool, lines)), (3, 3)); // warm-up: the pool's arena, the size hint
    for _ in 0..10 {
        assert_eq!(assert_no_alloc!(report(&pool, lines)), 3);
    }
}

#[test]
fn leak_1_a_cursor_keeps_no_table() {
    let pool = ArenaPool::new();
    let mut cursors = Cursors::new(&pool);
    cursors.query(1_000);
    silent("a page").held(0).check(|| {
        for _ in 0..20 {
            assert_eq!(cursors.query(1_000), 10);
        }
    });
}

#[test]
fn leak_2_a_parked_map_comes_back_empty() {
    let mut scratch = Scratch::default();
    let mut request = |number: u64| scratch.busiest((0..100).map(|n| number * 100 + n / 2));
    request(0);
    silent("the busiest user").held(0).check(|| {
        for number in 1..50 {
            assert_eq!(request(number), 2);
        }
    });
}

#[test]
fn leak_3_a_new_index_frees_the_old_one() {
    let arena = Arena::new();
    let mut index = Index::new(&arena);
    (0..3).for_each(|_| index.publish(1_000)); // warm-up: while one is built, the other is still there
    silent("publishing an index").held(0).check(|| {
        for _ in 0..20 {
            index.publish(1_000);
        }
    });
    assert_eq!(index.get(999), Some(999));
}

#[test]
fn leak_4_a_session_that_ends_gives_its_slot_back() {
    let mut sessions = Sessions::default();
    let mut churn = |from: u64| {
        for token in from..from + 2_000 {
            sessions.log_in(token, token % 7);
            if let Some(old) = token.checked_sub(50) {
                sessions.log_out(old);
            }
        }
    };
    churn(0);
    silent("sessions come and go").held(0).check(|| churn(2_000));
    assert_eq!(
        (sessions.user_of(100), sessions.user_of(3_999)),
        (None, Some(3_999 % 7))
    );
}

#[test]
fn leak_5_a_refused_upload_gives_its_arena_back() {
    let pool = ArenaPool::new();
    assert_eq!(upload(&pool, "name=x&size=7").unwrap(), 2);
    silent("a refused upload").held(0).check(|| {
        for _ in 0..20 {
            assert!(upload(&pool, "name=x&size").is_err());
        }
    });
}

#[test]
fn lint_maps_made_for_a_connection_go_with_it() {
    let pool = ArenaPool::new();
    let mut connections = Connections::new(pool.checkout().share());
    let mut serve = |number: u32| {
        (0..50).for_each(|topic| connections.subscribe(number, topic));
        connections.close(number);
    };
    serve(0);
    silent("a connection from start to end")
        .held(0)
        .check(|| (1..100).for_each(serve));
}

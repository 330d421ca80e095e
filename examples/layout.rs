//! Where the bytes of a map are: the report for five shapes of entries, and which shape to prefer.
//!
//! ```text
//! cargo run --release --features audit,files --example layout
//! ```

use std::process::ExitCode;

use arenamap::audit::{AllocScope, CountingAllocator};
use arenamap::fixed::{AlignedBytes, FixedMap, u32_le, u64_le};
use arenamap::{Arena, ArenaBox, ArenaMap, BorrowedMap, MapLayout, StrMap};

#[global_allocator]
static HEAP: CountingAllocator = CountingAllocator::system();

const ENTRIES: u16 = 1_700;

arenamap::fixed_struct! {
    /// What is known of a page.
    struct Page { bytes: u64_le, status: u32_le, port: u32_le }
}

/// Prints a report, and what to do about it.
fn show(what: &str, layout: &MapLayout, prefer: &str) {
    println!("# {what}\n{layout}\n-> {prefer}\n");
}

/// A map of as many values, each with the number of its entry as a key of two bytes.
fn numbered<V>(arena: &Arena, value: impl Fn() -> V) -> BorrowedMap<'_, u16, V> {
    ArenaMap::from_iter_in((0..ENTRIES).map(|n| (n, value())), arena)
}

fn pages() -> Result<FixedMap<u32_le, Page>, Box<dyn std::error::Error>> {
    let need = FixedMap::<u32_le, Page>::bytes_for(ENTRIES.into());
    let mut pages = FixedMap::create(AlignedBytes::zeroed(need), ENTRIES.into())?;
    for n in 0..u32::from(ENTRIES) {
        let (bytes, status, port) = (512.into(), 200.into(), 443.into());
        pages
            .insert(n.into(), Page { bytes, status, port })
            .map_err(|error| error.to_string())?;
    }
    Ok(pages)
}

fn main() -> ExitCode {
    let arena = Arena::new();

    // 1 and 2. A narrow key beside a wide value, and beside one that is split.
    let wide = numbered(&arena, || 0_u64);
    let split = numbered(&arena, || [0_u32; 2]);
    let (layouts, allocation) = AllocScope::measure(|| (wide.layout(), split.layout()));
    show(
        "u16 -> u64",
        &layouts.0,
        "a value of two u32 drops 4 of the 6 bytes of padding; if the key may grow, u32 and u64 cost nothing more.",
    );
    show(
        "u16 -> [u32; 2]",
        &layouts.1,
        "prefer it to u64 where maps are large: a fifth less memory, and reading the number takes one shift.",
    );
    let saved = layouts.0.total() - layouts.1.total();
    println!("   ({saved} bytes less than u16 -> u64)\n");

    // 3. Large values in their slots, and outside.
    let large = numbered(&arena, || [0_u8; 512]);
    let boxed = numbered(&arena, || ArenaBox::new_in([0_u8; 512], &arena));
    show(
        "u16 -> [u8; 512]",
        &large.layout(),
        "each empty slot costs as much as a full one: ask for the capacity you need, or keep such values outside.",
    );
    let inside = large.layout().total();
    let outside = boxed.layout().total() + usize::from(ENTRIES) * 512;
    println!("   (in an ArenaBox each: {outside} bytes with the values, instead of {inside})\n");

    // 4. Copied keys.
    let mut words = StrMap::new_in(&arena);
    words.extend((0..ENTRIES).map(|n| (n.to_string(), 0_u32)));
    show(
        "StrMap<u32>",
        &words.layout(),
        "a value of 8 bytes costs no more than one of 4; keys of up to 8 bytes are cheaper as a [u8; 8] in an ArenaMap.",
    );

    // 5. An archive, whose fields have names.
    let pages = match pages() {
        Ok(pages) => pages,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    show(
        "FixedMap<u32_le, Page>",
        &pages.layout(),
        "`bytes` as [u32_le; 2] drops the padding: the slot is then aligned to 4. Or take u64_le keys at the same size.",
    );

    let calls = allocation.counts().calls();
    println!("{calls} heap calls for two reports");
    if calls == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

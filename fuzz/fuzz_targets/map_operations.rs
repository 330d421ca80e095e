//! Random programs on `ArenaMap`, `StrMap` and `ArenaSet`, with every answer compared to those of the standard library's.
#![no_main]

use arenamap_fuzz::{Unstructured, growing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    let _ = match input.arbitrary::<u8>().unwrap_or_default() % 3 {
        0 => growing::numbers(&mut input),
        1 => growing::strings(&mut input),
        _ => growing::set(&mut input),
    }; // an input that ends early is a shorter program
});

//! Random programs on `BoundedMap` and `BoundedStrMap`, over a clock that stands still, jumps, goes back and is set.
#![no_main]

use arenamap_fuzz::{Unstructured, bounded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut input = Unstructured::new(input);
    let _ = match input.arbitrary::<u8>().unwrap_or_default() % 2 {
        0 => bounded::numbers(&mut input),
        _ => bounded::strings(&mut input),
    }; // an input that ends early is a shorter program
});

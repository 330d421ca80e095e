//! Any bytes as an archive: whatever opens is safe to use, whatever is verified is a map.
#![no_main]

use arenamap::fixed::{FixedStr, u16_le, u32_le, u64_le};
use arenamap_fuzz::Case;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&which, input)) = input.split_first() else {
        return;
    };
    match which % 6 {
        0 => Case::<u64_le, u64_le>::plain(input),
        1 => Case::<FixedStr<9>, u16_le>::plain(input), // a byte of padding between them
        2 => Case::<[u8; 3], bool>::checked(input),
        3 => Case::<u32_le, ()>::plain(input),
        4 => Case::<u64_le, bool>::checked(input), // seven bytes of padding behind them
        _ => Case::<FixedStr<4>, u64_le>::checked(input),
    }
});

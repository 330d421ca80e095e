//! Reading a map straight into an arena; the reader itself needs no heap as long as no string has an escape.

use std::collections::HashMap;
use std::marker::PhantomData;

use ::serde::de::DeserializeSeed;
use arenamap::{Arena, MapSeed, StrMapSeed};
use libtest_mimic::Trial;
use serde_json::Deserializer;

use crate::proof::{cycle_claim, cycle_control};

const JSON: &str = r#"{"/": {"200": 7, "404": 1}, "/about": {"200": 3}, "/index": {"200": 5, "301": 2}}"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        cycle_claim("deserialize_into_the_arena", Arena::new, |arena| {
            {
                let inner = MapSeed::<u16, PhantomData<u64>, _, _>::new_in(&*arena);
                let seed = StrMapSeed::with_values_in(inner, &*arena);
                let map = seed.deserialize(&mut Deserializer::from_str(JSON)).expect("valid");
                assert_eq!(map["/index"][&301], 2);
            }
            arena.reset();
        }),
        cycle_control(
            "deserialize_into_the_arena",
            || (),
            |()| {
                let map: HashMap<String, HashMap<u16, u64>> = serde_json::from_str(JSON).expect("valid");
                assert_eq!(map["/index"][&301], 2);
            },
        ),
    ]
}

//! JSON as input of keys and values: numbers stay as they were written.

use arenamap::fixed::described::Input;
use serde_core::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Most lists and objects inside each other: more than any type has.
const MOST_DEPTH: usize = 64;

/// What a JSON text says.
pub(crate) fn json(text: &str) -> Result<Input<'_>, serde_json::Error> {
    input(serde_json::from_str(text)?, 0)
}

/// The fields of a JSON object, in their order.
pub(crate) struct Fields<'a>(pub(crate) Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

pub(crate) fn input(raw: &RawValue, depth: usize) -> Result<Input<'_>, serde_json::Error> {
    let text = raw.get();
    if depth > MOST_DEPTH {
        return Err(serde_core::de::Error::custom(format_args!(
            "more than {MOST_DEPTH} lists and objects inside each other"
        )));
    }
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let Fields(fields) = serde_json::from_str(text)?;
            let fields = fields
                .into_iter()
                .map(|(name, raw)| Ok((name.into(), input(raw, depth + 1)?)));
            Input::Record(fields.collect::<Result<_, serde_json::Error>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items = items.into_iter().map(|raw| input(raw, depth + 1));
            Input::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Input::Text(serde_json::from_str::<String>(text)?.into()),
        Some(b't') => Input::Bool(true),
        Some(b'f') => Input::Bool(false),
        Some(b'n') => Input::Null,
        _ => Input::Number(text.into()),
    })
}

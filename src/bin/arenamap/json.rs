//! Keys and values as JSON, from which `build` makes the same bytes again.

use crate::tree;
use arenamap::fixed::described::{Described, Entry, Value, View};
use std::io::{self, Write};

/// Writes a key or value.
pub(crate) fn write(view: &View<'_>, out: &mut impl Write) -> io::Result<()> {
    match view.value() {
        Value::Struct => {
            let mut before = "{";
            for (name, field) in view.fields() {
                out.write_all(before.as_bytes())?;
                string(name, out)?;
                out.write_all(b":")?;
                write(&field, out)?;
                before = ",";
            }
            out.write_all(b"}")
        }
        Value::Array if view.of().size() == 0 => out.write_all(b"null"),
        Value::Array => {
            if let Some(text) = text(view) {
                return string(&text, out);
            }
            let mut before = "[";
            for item in view.items() {
                out.write_all(before.as_bytes())?;
                write(&item, out)?;
                before = ",";
            }
            out.write_all(b"]")
        }
        Value::Unit => out.write_all(b"null"),
        Value::Bool(bool) => write!(out, "{bool}"),
        // More bits than readers of JSON have in a number.
        Value::Unsigned(number) if view.of().size() <= 8 => write!(out, "{number}"),
        Value::Signed(number) if view.of().size() <= 8 => write!(out, "{number}"),
        Value::F32(number) if number.is_finite() => write!(out, "{number:?}"),
        Value::F64(number) if number.is_finite() => write!(out, "{number:?}"),
        _ => string(&text(view).unwrap_or_default(), out),
    }
}

/// A value without parts as text, also an array of bytes; `None` of everything else.
pub(crate) fn text(view: &View<'_>) -> Option<String> {
    Some(match view.value() {
        Value::Unit => String::new(),
        Value::Bool(bool) => bool.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Signed(number) => number.to_string(),
        // Another NaN than the usual one would not come back.
        Value::F32(number) if number.is_nan() && number.to_bits() != f32::NAN.to_bits() => hex(view.as_bytes()),
        Value::F64(number) if number.is_nan() && number.to_bits() != f64::NAN.to_bits() => hex(view.as_bytes()),
        Value::F32(number) => format!("{number:?}"),
        Value::F64(number) => format!("{number:?}"),
        Value::Char(character) => character.to_string(),
        Value::Text(text) => text.to_owned(),
        Value::Bytes(bytes) => match str::from_utf8(bytes) {
            Ok(text) if is_readable(text) => text.to_owned(),
            _ => hex(bytes),
        },
        Value::Unknown(bytes) | Value::Invalid(bytes) => hex(bytes),
        Value::Array => {
            let (item, _) = view.of().array().filter(|(item, _)| item.name() == "u8")?;
            debug_assert_eq!(item.size(), 1);
            hex(view.as_bytes())
        }
        _ => return None,
    })
}

/// Whether a text is shown as it is: it is not taken for bytes when it is read again, and a terminal shows it.
fn is_readable(text: &str) -> bool {
    !text.starts_with("hex:")
        && !text.contains(|character: char| character.is_control() && !"\t\n\r".contains(character))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("hex:");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

/// Writes a string with its quotes.
pub(crate) fn string(text: &str, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(Into::into)
}

/// Writes an entry.
pub(crate) fn entry<'a>(archive: &'a Described<'a>, entry: &Entry<'a>, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{")?;
    tree::write_key(archive, entry, out)?;
    out.write_all(b",\"value\":")?;
    write(&entry.value, out)?;
    out.write_all(b"}")
}

//! Keys and values made from what a text, a number or a JSON document says.

use super::super::counted::counted;
use super::super::layout::MOST_ROOM;
use super::super::var::{LONGEST, Span};
use super::types::{Leaf, Shape, Type};
use super::view::View;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// A key or value as it is written down: what JSON has, with numbers as they were written.
///
/// ```
/// use arenamap::fixed::described::{Input, Packed, Type};
///
/// let page = Type::parse("{ site: u32, open: bool, tags: [u8; 3] }", "Page")?;
/// let input = Input::Record(vec![
///     ("site".into(), 7_u64.into()),
///     ("tags".into(), "hex:010203".into()), // or a list of numbers
///     ("open".into(), true.into()),
/// ]);
/// assert_eq!(Packed::new(&page, &input)?.view().as_bytes(), [7, 0, 0, 0, 1, 1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input<'a> {
    /// Nothing: what a type without bytes is made from.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, in decimal.
    Number(Cow<'a, str>),
    /// A text. A number may also be a text (`NaN` and `inf` are always one). `hex:` and hexadecimal digits are bytes, where these are meant, or
    /// for a number those that stand in the slot.
    Text(Cow<'a, str>),
    /// The elements of an array, or the fields of a struct in their order.
    List(Vec<Self>),
    /// The fields of a struct by their names.
    Record(Vec<(Cow<'a, str>, Self)>),
}

macro_rules! inputs {
    ($($number:ty)*) => {$(
        impl From<$number> for Input<'_> {
            fn from(number: $number) -> Self {
                Self::Number(number.to_string().into())
            }
        }
    )*};
}

inputs! { u32 u64 u128 i32 i64 i128 f32 f64 }

impl From<bool> for Input<'_> {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl<'a> From<&'a str> for Input<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

/// Why an [`Input`] is no value of a type: in which part, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The path to the part, as in `.tags[3]`; empty for the whole.
    path: String,
    what: String,
}

impl InputError {
    /// The path to the part that is wrong, as in `.tags[3]`; empty for the whole.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}

impl core::error::Error for InputError {}

/// A key or value outside of an archive, in the bytes that it has in a slot.
#[derive(Clone, Debug)]
pub struct Packed<'t> {
    of: &'t Type,
    pub(super) bytes: Vec<u8>,
    /// Its texts, one behind the other.
    pub(super) room: Vec<u8>,
}

impl<'t> Packed<'t> {
    /// What an input is as a value of this type.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`InputError`] if it does not fit: a number out of range, a text too long, a field that is missing, unknown or there twice.
    pub fn new(of: &'t Type, input: &Input<'_>) -> Result<Self, InputError> {
        // The type may be what an archive says: no more memory for it than an input can fill.
        if of.size > SMALL && of.size > most_bytes(input) {
            return fail(format!(
                "{} is too short for {of}, which has {} bytes",
                shown(input),
                of.size
            ));
        }
        let mut packed = Self {
            of,
            bytes: alloc::vec![0; of.size],
            room: Vec::new(),
        };
        pack(of, input, &mut packed.bytes, &mut packed.room)?;
        Ok(packed)
    }

    /// Bytes of its texts, which the room for texts must hold.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn text_bytes(&self) -> usize {
        self.room.len()
    }

    /// To look it up or put it in.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            of: self.of,
            bytes: &self.bytes,
            room: &self.room,
        }
    }
}

/// Bytes that are not worth a look at the input first.
const SMALL: usize = 1 << 16;

/// Bytes of the largest type that a value is of.
fn most_bytes(input: &Input<'_>) -> usize {
    /// Of the largest type that takes a short text or number: a `FixedStr`, whose length is in a byte.
    const MOST: usize = 1 << 8;
    let sum = |sum: usize, input| sum.saturating_add(most_bytes(input));
    match input {
        Input::Null => 0,
        Input::Bool(_) | Input::Number(_) => MOST,
        Input::Text(text) => text.len().max(MOST),
        Input::List(items) => items.iter().fold(0, sum),
        Input::Record(fields) => fields.iter().map(|(_, input)| input).fold(0, sum),
    }
}

fn fail<T>(what: impl Into<String>) -> Result<T, InputError> {
    Err(InputError {
        path: String::new(),
        what: what.into(),
    })
}

/// Puts a part of the path in front of that of an error.
fn inside(part: impl fmt::Display) -> impl FnOnce(InputError) -> InputError {
    move |error| InputError {
        path: format!("{part}{}", error.path),
        what: error.what,
    }
}

/// Writes a value into its bytes, which are zero.
fn pack(of: &Type, input: &Input<'_>, bytes: &mut [u8], room: &mut Vec<u8>) -> Result<(), InputError> {
    match (&of.shape, input) {
        (Shape::Leaf(leaf), _) => pack_leaf(of, *leaf, input, bytes, room),
        (Shape::Array { item, len }, Input::List(items)) => {
            if items.len() != *len {
                return fail(format!(
                    "{}, but {of} has {len}",
                    counted(items.len(), "element", "elements")
                ));
            }
            if item.size == 0 {
                return Ok(());
            }
            for (i, (input, bytes)) in items.iter().zip(bytes.chunks_exact_mut(item.size)).enumerate() {
                pack(item, input, bytes, room).map_err(inside(format_args!("[{i}]")))?;
            }
            Ok(())
        }
        (Shape::Array { .. }, Input::Null) if of.size == 0 => Ok(()),
        (Shape::Array { item, .. }, Input::Text(text)) if item.name == "u8" => pack_hex(of, text, bytes),
        (Shape::Array { .. }, _) => fail(format!("expected a list for {of}, found {}", shown(input))),
        (Shape::Struct(members), Input::Record(fields)) => {
            for (i, (name, _)) in fields.iter().enumerate() {
                if members.iter().all(|member| member.name != **name) {
                    let known: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
                    return fail(format!("no field `{name}` in {}; it has {}", of.name, known.join(", ")));
                }
                if fields[..i].iter().any(|(other, _)| other == name) {
                    return fail(format!("the field `{name}` is there twice"));
                }
            }
            for member in members {
                let Some((_, input)) = fields.iter().find(|(name, _)| **name == member.name) else {
                    return fail(format!("the field `{}: {}` is missing", member.name, member.of));
                };
                let bytes = &mut bytes[member.offset..][..member.of.size];
                pack(&member.of, input, bytes, room).map_err(inside(format_args!(".{}", member.name)))?;
            }
            Ok(())
        }
        (Shape::Struct(members), Input::List(items)) if members.len() == items.len() => {
            for (member, input) in members.iter().zip(items) {
                let bytes = &mut bytes[member.offset..][..member.of.size];
                pack(&member.of, input, bytes, room).map_err(inside(format_args!(".{}", member.name)))?;
            }
            Ok(())
        }
        (Shape::Struct(members), _) => fail(format!(
            "expected an object with the fields of {of}, or a list of these {} values, found {}",
            members.len(),
            shown(input)
        )),
    }
}

fn pack_leaf(of: &Type, leaf: Leaf, input: &Input<'_>, bytes: &mut [u8], room: &mut Vec<u8>) -> Result<(), InputError> {
    let unfit = || fail(format!("{} is no {of}", shown(input)));
    match (leaf, input) {
        (Leaf::Unit, Input::Null) => Ok(()),
        (Leaf::Unit, Input::Text(text)) if text.is_empty() => Ok(()),
        (Leaf::Bool, Input::Bool(bool)) => {
            bytes[0] = (*bool).into();
            Ok(())
        }
        (Leaf::Bool, Input::Text(text)) => match &**text {
            "true" => pack_leaf(of, leaf, &Input::Bool(true), bytes, room),
            "false" => pack_leaf(of, leaf, &Input::Bool(false), bytes, room),
            _ => unfit(),
        },
        (Leaf::Char, Input::Text(text)) => {
            let mut characters = text.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else {
                return unfit();
            };
            bytes.copy_from_slice(&u32::from(character).to_le_bytes());
            Ok(())
        }
        (Leaf::FixedStr, Input::Text(text)) => pack_fixed(of, text.as_bytes(), bytes),
        (Leaf::FixedBytes, Input::Text(text)) => pack_fixed(of, &bytes_of(text)?, bytes),
        (Leaf::Str, Input::Text(text)) => pack_text(text.as_bytes(), bytes, room),
        (Leaf::Bytes, Input::Text(text)) => pack_text(&bytes_of(text)?, bytes, room),
        (Leaf::FixedBytes | Leaf::Bytes, Input::List(items)) => {
            let mut content = alloc::vec![0; items.len()];
            let byte = Type::leaf("u8".to_string(), 1, 1);
            for (i, (input, place)) in items.iter().zip(content.chunks_exact_mut(1)).enumerate() {
                pack(&byte, input, place, room).map_err(inside(format_args!("[{i}]")))?;
            }
            if leaf == Leaf::Bytes {
                pack_text(&content, bytes, room)
            } else {
                pack_fixed(of, &content, bytes)
            }
        }
        (Leaf::Float, Input::Text(text)) if text.starts_with(HEX) => pack_hex(of, text, bytes),
        (Leaf::Unknown, Input::Text(text)) => pack_hex(of, text, bytes),
        (Leaf::Float, Input::Number(text) | Input::Text(text)) => pack_float(of, text, bytes),
        (
            Leaf::Unsigned | Leaf::Signed | Leaf::NonZeroUnsigned | Leaf::NonZeroSigned,
            Input::Number(text) | Input::Text(text),
        ) => pack_integer(of, leaf, text, bytes),
        _ => unfit(),
    }
}

fn pack_integer(of: &Type, leaf: Leaf, text: &str, bytes: &mut [u8]) -> Result<(), InputError> {
    let bits = 8 * bytes.len();
    let is_signed = matches!(leaf, Leaf::Signed | Leaf::NonZeroSigned);
    let may_be_zero = matches!(leaf, Leaf::Signed | Leaf::Unsigned);
    let parse = |text: &str| {
        if is_signed {
            let number = text.parse::<i128>().ok();
            let number = number.filter(|number| number >> (bits - 1) == 0 || number >> (bits - 1) == -1);
            number.map(i128::cast_unsigned)
        } else {
            let number = text.parse::<u128>().ok();
            number.filter(|number| bits >= 128 || number >> bits == 0)
        }
    };
    let number = match parse(text) {
        Some(number) => number,
        None => match whole(text) {
            None => return fail(format!("`{text}` is no {of}")),
            Some(Err(what)) => return fail(format!("{text} is no {of}: {what}")),
            Some(Ok(whole)) => match parse(&whole) {
                None => return fail(format!("{text} is no {of}: {OUT_OF_RANGE}")),
                Some(number) => number,
            },
        },
    };
    if number == 0 && !may_be_zero {
        return fail(format!("{of} is not zero"));
    }
    bytes.copy_from_slice(&number.to_le_bytes()[..bytes.len()]);
    Ok(())
}

const OUT_OF_RANGE: &str = "it is out of range";

/// The digits of a number that may be written with a point and an exponent, or why it is no integer. `None` if it is no number.
fn whole(text: &str) -> Option<Result<String, &'static str>> {
    /// Digits of the largest integer, `u128::MAX`.
    const MOST: i64 = 39;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [before, after].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let exponent: i64 = exponent.parse().ok()?;
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(Ok("0".to_string()));
    }
    // Of these digits, so many stand before the point.
    let point = exponent
        .saturating_add_unsigned(digits.len() as u64)
        .saturating_sub_unsigned(after.len() as u64);
    if point > MOST {
        return Some(Err(OUT_OF_RANGE));
    }
    let (integer, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0).min(digits.len()));
    if fraction.bytes().any(|digit| digit != b'0') {
        return Some(Err("it has a fraction"));
    }
    let width = usize::try_from(point).unwrap_or(0);
    Some(Ok(format!("{sign}{integer:0<width$}")))
}

fn pack_float(of: &Type, text: &str, bytes: &mut [u8]) -> Result<(), InputError> {
    let is_short = bytes.len() == size_of::<f32>();
    let parsed = if is_short {
        text.parse()
            .map(|number: f32| bytes.copy_from_slice(&number.to_le_bytes()))
    } else {
        text.parse()
            .map(|number: f64| bytes.copy_from_slice(&number.to_le_bytes()))
    };
    let Ok(()) = parsed else {
        return fail(format!("`{text}` is no {of}"));
    };
    // A number that is too large becomes infinite; what says so is not meant to be one.
    let is_infinite = if is_short {
        text.parse::<f32>().is_ok_and(f32::is_infinite)
    } else {
        text.parse::<f64>().is_ok_and(f64::is_infinite)
    };
    if is_infinite && text.contains(|character: char| character.is_ascii_digit()) {
        return fail(format!("{text} is out of the range of {of}"));
    }
    Ok(())
}

/// Bytes of a `FixedStr` or `FixedBytes`.
fn pack_fixed(of: &Type, content: &[u8], bytes: &mut [u8]) -> Result<(), InputError> {
    let room = bytes.len() - 1;
    match u8::try_from(content.len()) {
        Ok(len) if content.len() <= room => {
            bytes[..content.len()].copy_from_slice(content);
            bytes[room] = len;
            Ok(())
        }
        _ => fail(format!(
            "{}, but {of} takes {room}; build with a larger one, or cut the text",
            counted(content.len(), "byte", "bytes")
        )),
    }
}

/// Bytes of a `str` or `[u8]`, in the room.
fn pack_text(content: &[u8], bytes: &mut [u8], room: &mut Vec<u8>) -> Result<(), InputError> {
    if content.len() > LONGEST || (room.len() + content.len()) as u64 > MOST_ROOM {
        return fail(format!(
            "a text of {} bytes is longer than {LONGEST}: split it",
            content.len()
        ));
    }
    bytes.copy_from_slice(&Span::new(room.len(), content.len()).0.to_le_bytes());
    room.extend_from_slice(content);
    Ok(())
}

/// What a text begins with whose other characters are bytes in hexadecimal.
const HEX: &str = "hex:";

/// The bytes that a text stands for.
fn bytes_of(text: &str) -> Result<Cow<'_, [u8]>, InputError> {
    let Some(digits) = text.strip_prefix(HEX) else {
        return Ok(text.as_bytes().into());
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect();
    match bytes.filter(|_| rest.is_empty()) {
        Some(bytes) => Ok(bytes.into()),
        None => fail(format!("`{text}`: expected pairs of hexadecimal digits after `{HEX}`")),
    }
}

/// Exactly the bytes of a type.
fn pack_hex(of: &Type, text: &str, bytes: &mut [u8]) -> Result<(), InputError> {
    let content = bytes_of(text)?;
    if !text.starts_with(HEX) || content.len() != bytes.len() {
        return fail(format!(
            "`{text}` is no {of}: expected `{HEX}` and {} hexadecimal digits",
            2 * bytes.len()
        ));
    }
    bytes.copy_from_slice(&content);
    Ok(())
}

/// An input in a message.
fn shown(input: &Input<'_>) -> String {
    match input {
        Input::Null => "null".to_string(),
        Input::Bool(bool) => bool.to_string(),
        Input::Number(number) => number.to_string(),
        Input::Text(text) => format!("{text:?}"),
        Input::List(items) => format!("a list of {}", items.len()),
        Input::Record(_) => "an object".to_string(),
    }
}

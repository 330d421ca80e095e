//! Types as text, as one writes them in Rust.
//!
//! ```text
//! type   = leaf | "[" type ";" number "]" | [name] "{" [ field { "," field } [","] ] "}"
//! field  = name ":" type
//! leaf   = "u8" | "i8" | "bool" | "u16" .. "u128" | "i16" .. "i128" | "f32" | "f64" | "char" | "NonZeroU16" .. "NonZeroI64"
//!        | "()" | "FixedStr<" number ">" | "FixedBytes<" number ">" | "str" | "[u8]"
//! ```
//!
//! Numbers may have the `_le` of their name in Rust.

use super::super::counted::counted;
use super::types::{Leaf, MOST_BYTES, MOST_DEPTH, MOST_EMPTY, MOST_TYPES, Member, Shape, Type};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// Why a text is no type: what is wrong, and where.
///
/// ```
/// use arenamap::fixed::described::Type;
///
/// let error = Type::parse("Page { bytes: u64, port: u32 }", "").unwrap_err();
/// assert_eq!(error.offset(), 29); // the brace
/// assert!(error.to_string().contains("fill the gap with a `[u8; 4]`"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    offset: usize,
    what: String,
}

impl TypeError {
    /// Where in the text it is, in bytes.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of the type: {}", self.offset, self.what)
    }
}

impl core::error::Error for TypeError {}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            Shape::Leaf(Leaf::FixedStr | Leaf::FixedBytes) => write!(f, "{}<{}>", self.name, self.size),
            // (Names of an archive may have anything in them.)
            Shape::Leaf(_) => self.name.escape_debug().fmt(f),
            Shape::Array { item, len } => write!(f, "[{item}; {len}]"),
            Shape::Struct(members) => {
                write!(f, "{} {{", self.name.escape_debug())?;
                for (i, member) in members.iter().enumerate() {
                    let comma = if i == 0 { "" } else { "," };
                    write!(f, "{comma} {}: {}", member.name.escape_debug(), member.of)?;
                }
                f.write_str(" }")
            }
        }
    }
}

impl Type {
    /// The type that a text describes, as one would write it in Rust: `u64`, `[u8; 4]`, `FixedStr<32>`, `str`,
    /// `Page { count: u64, tags: [u8; 4], name: FixedStr<31>, open: bool }`. Fields stand in the order of the text.
    ///
    /// A struct without a name gets the name `unnamed`, one inside another that of its field. As with
    /// [`fixed_struct!`](crate::fixed_struct), padding is an error. `FixedStr<N>` and `FixedBytes<N>` take `N` bytes, one of them for the
    /// length.
    ///
    /// Allocates: heap. Time: O(bytes).
    ///
    /// # Errors
    ///
    /// [`TypeError`] with the place.
    ///
    /// ```
    /// use arenamap::fixed::{FixedValue, described::Type, u16_le};
    ///
    /// arenamap::fixed_struct! { pub struct Site { pub port: u16_le, pub tags: [u8; 4] } }
    ///
    /// let parsed = Type::parse("Site { port: u16, tags: [u8; 4] }", "")?;
    /// assert_eq!(parsed.layout_hash(), Site::SCHEMA.layout_hash());
    /// # Ok::<(), arenamap::fixed::described::TypeError>(())
    /// ```
    pub fn parse(text: &str, unnamed: &str) -> Result<Self, TypeError> {
        let mut parser = Parser {
            text,
            at: 0,
            types: 0,
            empty: 0,
        };
        let parsed = parser.parse_type(unnamed, 0)?;
        parser.skip_space();
        if parser.at < text.len() {
            return parser.fail("the type ends before this; join several fields by `{ name: type, name: type }`");
        }
        Ok(parsed)
    }
}

impl TypeError {
    /// What is wrong with a whole type.
    pub(super) const fn of_all(what: String) -> Self {
        Self { offset: 0, what }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    types: usize,
    empty: usize,
}

impl<'t> Parser<'t> {
    fn fail<T>(&self, what: impl Into<String>) -> Result<T, TypeError> {
        Err(TypeError {
            offset: self.at,
            what: what.into(),
        })
    }

    fn left(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at += self.left().len() - self.left().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        let taken = self.left().starts_with(token);
        self.at += if taken { token.len() } else { 0 };
        taken
    }

    fn expect(&mut self, token: &str) -> Result<(), TypeError> {
        if self.take(token) {
            return Ok(());
        }
        match self.left().chars().next() {
            Some(found) => self.fail(format!("expected `{token}`, found `{found}`")),
            None => self.fail(format!("expected `{token}`, but the text ends")),
        }
    }

    fn word(&mut self) -> &'t str {
        self.skip_space();
        let left = self.left();
        let body = left.strip_prefix("r#").unwrap_or(left);
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let end = body.find(|character| !is_part(character)).unwrap_or(body.len());
        let word = &left[..left.len() - body.len() + end];
        self.at += word.len();
        word
    }

    fn number(&mut self) -> Result<usize, TypeError> {
        self.skip_space();
        let from = self.at;
        let digits = self.word().replace('_', "");
        digits.parse().or_else(|_| {
            self.at = from;
            self.fail("expected a number of elements or bytes")
        })
    }

    fn parse_type(&mut self, unnamed: &str, depth: usize) -> Result<Type, TypeError> {
        self.skip_space();
        self.types += 1;
        if depth > MOST_DEPTH || self.types > MOST_TYPES {
            return self.fail(format!(
                "at most {MOST_TYPES} types, {MOST_DEPTH} inside each other, are allowed"
            ));
        }
        let from = self.at;
        let parsed = if self.take("(") {
            self.expect(")")?;
            Type::leaf("()".into(), 0, 1)
        } else if self.take("[") {
            self.array(unnamed, depth)?
        } else {
            let name = self.word();
            if self.take("{") {
                self.fields(if name.is_empty() { unnamed } else { name }, depth)?
            } else {
                self.leaf(name, from)?
            }
        };
        if parsed.in_room && depth > 0 {
            self.at = from;
            return self.fail(
                "`str` and `[u8]` stand by themselves, as the key or as the value; a part of a struct or array has a size: take \
                 `FixedStr<N>`, `FixedBytes<N>` or `[u8; N]`",
            );
        }
        self.empty += usize::from(parsed.size == 0);
        if parsed.size > MOST_BYTES || self.empty > MOST_EMPTY {
            self.at = from;
            return self.fail(format!(
                "a type takes at most {MOST_BYTES} bytes, and at most {MOST_EMPTY} of them take none"
            ));
        }
        Ok(parsed)
    }

    fn array(&mut self, unnamed: &str, depth: usize) -> Result<Type, TypeError> {
        let item = self.parse_type(unnamed, depth + 1)?;
        if item.name == "u8" && self.take("]") {
            return Ok(Type::leaf("[u8]".into(), 8, 8));
        }
        self.expect(";")?;
        let len = self.number()?;
        if item.size.checked_mul(len).is_none_or(|size| size > MOST_BYTES) {
            return self.fail(format!("an array takes at most {MOST_BYTES} bytes"));
        }
        self.expect("]")?;
        Ok(Type::array_of(item, len))
    }

    fn fields(&mut self, name: &str, depth: usize) -> Result<Type, TypeError> {
        let mut members: Vec<Member> = Vec::new();
        let (mut end, mut align) = (0, 1);
        while !self.take("}") {
            self.skip_space();
            let from = self.at;
            let field = self.word();
            if field.is_empty() {
                return self.fail("expected `}`, or a field such as `count: u64`");
            }
            if members.iter().any(|member| member.name == field) {
                self.at = from;
                return self.fail(format!("there is a field `{field}` already"));
            }
            self.expect(":")?;
            let of = self.parse_type(field, depth + 1)?;
            if end % of.align != 0 {
                self.at = from;
                return self.fail(padding(field, end, of.align));
            }
            let offset = end;
            end += of.size;
            align = of.align.max(align);
            if end > MOST_BYTES {
                return self.fail(format!("a struct takes at most {MOST_BYTES} bytes"));
            }
            members.push(Member {
                name: field.to_string(),
                offset,
                of,
            });
            if !self.take(",") {
                self.expect("}")?;
                self.at -= 1;
            }
        }
        if end % align != 0 {
            self.at -= 1;
            return self.fail(padding("the end", end, align));
        }
        if members.is_empty() {
            return Ok(Type::leaf(name.to_string(), 0, 1));
        }
        Ok(Type::struct_of(name.to_string(), end, align, members))
    }

    fn leaf(&mut self, name: &str, from: usize) -> Result<Type, TypeError> {
        if name == "FixedStr" || name == "FixedBytes" {
            self.expect("<")?;
            let at = self.at;
            let size = self.number()?;
            if !(1..=256).contains(&size) {
                self.at = at;
                return self.fail(format!("`{name}<N>` takes 1 to 256 bytes, the last one for the length"));
            }
            self.expect(">")?;
            return Ok(Type::leaf(name.to_string(), size, 1));
        }
        if name == "str" {
            return Ok(Type::leaf(name.to_string(), 8, 8));
        }
        let number = name.strip_suffix("_le").unwrap_or(name);
        let bits = number.trim_start_matches(|character: char| !character.is_ascii_digit());
        let size = match (bits, number) {
            (_, "bool") => 1,
            (_, "char") => 4,
            _ => bits.parse::<usize>().map_or(0, |bits| bits / 8),
        };
        // One byte has no order.
        let suffix = if size > 1 { "_le" } else { "" };
        let leaf = Type::leaf(format!("{number}{suffix}"), size, size.max(1));
        if size > 0 && leaf.is_known() {
            return Ok(leaf);
        }
        self.at = from;
        self.fail(if name.is_empty() {
            "expected a type".to_string()
        } else {
            format!(
                "no type `{name}`; there are u8 to u128, i8 to i128, f32, f64, bool, char, NonZeroU16 to NonZeroI64, (), FixedStr<N>, \
                 FixedBytes<N>, [type; N], {{ field: type }}, and str and [u8] by themselves"
            )
        })
    }
}

/// The message for a gap in a struct.
fn padding(before: &str, end: usize, align: usize) -> String {
    let gap = end.next_multiple_of(align) - end;
    format!(
        "padding, {}, in front of {before}, which is aligned to {align}: put fields with larger alignment first, \
         or fill the gap with a `[u8; {gap}]`",
        counted(gap, "byte", "bytes")
    )
}

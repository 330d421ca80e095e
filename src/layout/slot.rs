//! One slot: where its key and its value are, what lies between them, and what other types would save.

use core::fmt;

use super::percent;
#[cfg(feature = "fixed")]
use crate::fixed::Schema;

/// Bytes up to which a slot is drawn byte by byte.
const DRAWN: usize = 64;

/// One slot of a map: its key, its value, and the padding. `Display` draws it.
///
/// Padding is there only where key and value have different alignments: the slot is as aligned as the wider of them, and
/// its size is a multiple of that. Then
///
/// - another order saves nothing: two parts, of which each is as long as a multiple of its alignment, take the same room in
///   either order. (What lies inside a key or a value is not seen, but for the fields of a `fixed_struct!`, which has no
///   padding. The compiler orders the fields of a struct by itself, unless it is `repr(C)`);
/// - splitting the wider part helps: two `u32` for a `u64` halve the alignment. [`size_aligned_to`](Self::size_aligned_to) says what
///   is left;
/// - or the padding can be used: the part of less alignment may grow by so many bytes at no cost.
///
/// # Examples
///
/// ```
/// use arenamap::ArenaMap;
///
/// let slot = ArenaMap::<u32, u64>::new().layout().slot;
/// assert_eq!((slot.size, slot.align, slot.padding()), (16, 8, 4));
/// assert_eq!(slot.percent_padding(), 25.0);
/// assert_eq!(slot.size_aligned_to(4), 12); // a value of two `u32`, or of bytes
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotLayout {
    /// Bytes of the slot.
    pub size: usize,
    /// Alignment of the slot.
    pub align: usize,
    /// The key; the element of a set. In a map with copied keys, the pointer to its bytes and their length.
    pub key: SlotPart,
    /// The value; it has no size in a set.
    pub value: SlotPart,
    /// Bytes of the slot that the map has for itself: the links of a node of a `PathMap`, which are aligned to 4. 0 in other maps.
    pub links: usize,
}

/// The key or the value in a [`SlotLayout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotPart {
    /// What it is: "key", "value", "element".
    pub name: &'static str,
    /// Name of its type, for people: as [`core::any::type_name`] or its schema has it.
    pub type_name: &'static str,
    /// Offset in the slot, in bytes.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
    /// Alignment in bytes.
    pub align: usize,
    /// Whether it is a copied key, of which a pointer and a length stand here.
    pub is_copied: bool,
    /// Its fields, in a `FixedMap`.
    #[cfg(feature = "fixed")]
    pub schema: Option<&'static Schema>,
}

impl SlotPart {
    pub(crate) fn of<T>(name: &'static str, offset: usize) -> Self {
        Self {
            name,
            type_name: core::any::type_name::<T>(),
            offset,
            size: size_of::<T>(),
            align: align_of::<T>(),
            is_copied: false,
            #[cfg(feature = "fixed")]
            schema: None,
        }
    }

    /// As the key of which bytes are copied, short ones into the slot.
    pub(crate) const fn copied(mut self) -> Self {
        self.type_name = "up to 15 bytes, or pointer and length";
        self.is_copied = true;
        self
    }

    /// The letter that stands for a byte of it.
    fn letter(&self) -> char {
        self.name.chars().next().unwrap_or('?')
    }

    fn has(&self, offset: usize) -> bool {
        (self.offset..self.offset + self.size).contains(&offset)
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\n{:>8} {:>6} {:>6}  {}: ",
            self.offset, self.size, self.align, self.name
        )?;
        #[cfg(feature = "fixed")]
        if let Some(schema) = self.schema {
            write!(f, "{}", TypeName(schema))?;
            return draw_fields(f, schema, self.offset, 2);
        }
        f.write_str(self.type_name)
    }
}

/// The name of a schema's type; an array is written as one.
#[cfg(feature = "fixed")]
struct TypeName(&'static Schema);

#[cfg(feature = "fixed")]
impl TypeName {
    /// The schema of the elements, if this is one of an array.
    fn element(&self) -> Option<&'static Schema> {
        match self.0.fields {
            [element] if self.0.name == "[]" => Some(element.schema),
            _ => None,
        }
    }
}

#[cfg(feature = "fixed")]
impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element() {
            Some(element) => write!(f, "[{}; {}]", Self(element), self.0.repeat),
            None => f.write_str(self.0.name),
        }
    }
}

/// A line for each field, and for the fields of these. (No map has a schema without end: its hash would not end either.)
#[cfg(feature = "fixed")]
fn draw_fields(f: &mut fmt::Formatter<'_>, schema: &'static Schema, base: usize, indent: usize) -> fmt::Result {
    if TypeName(schema).element().is_some() {
        return Ok(());
    }
    for field in schema.fields {
        let offset = base.saturating_add(field.offset);
        let (size, align) = (field.schema.size, field.schema.align);
        write!(f, "\n{offset:>8} {size:>6} {align:>6}  {:indent$}{}: ", "", field.name)?;
        write!(f, "{}", TypeName(field.schema))?;
        draw_fields(f, field.schema, offset, indent + 2)?;
    }
    Ok(())
}

/// Names the fields that are aligned to more than this.
#[cfg(feature = "fixed")]
fn name_wider(f: &mut fmt::Formatter<'_>, schema: &'static Schema, align: usize) -> fmt::Result {
    if TypeName(schema).element().is_some() {
        return Ok(());
    }
    let wider = schema.fields.iter().filter(|field| field.schema.align > align);
    for (index, field) in wider.enumerate() {
        write!(f, "{} `{}`", if index == 0 { ":" } else { "," }, field.name)?;
    }
    Ok(())
}

impl SlotLayout {
    /// Bytes of a slot that hold neither key nor value nor links.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.size
            .saturating_sub(self.key.size)
            .saturating_sub(self.value.size)
            .saturating_sub(self.links)
    }

    /// The padding, in percent of the slot.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub fn percent_padding(&self) -> f64 {
        percent(self.padding(), self.size)
    }

    /// Bytes of a slot of the same data, if nothing in it were aligned to more than `align`: a `u64` split into two `u32` is aligned
    /// to 4, into bytes to 1. 0 is taken as 1.
    ///
    /// Allocates: never. Time: O(1).
    #[must_use]
    pub const fn size_aligned_to(&self, align: usize) -> usize {
        let align = if align == 0 {
            1
        } else if align < self.align {
            align
        } else {
            self.align
        };
        (self.key.size + self.value.size + self.links).next_multiple_of(align)
    }

    /// The parts in the order in which they stand.
    fn parts(&self) -> [&SlotPart; 2] {
        let (key, value) = (&self.key, &self.value);
        if (key.offset, key.size) <= (value.offset, value.size) {
            [key, value]
        } else {
            [value, key]
        }
    }

    /// The parts of more and of less alignment.
    fn wide_and_narrow(&self) -> (&SlotPart, &SlotPart) {
        if self.key.align > self.value.align {
            (&self.key, &self.value)
        } else {
            (&self.value, &self.key)
        }
    }

    /// What is neither key nor value.
    const fn gap(&self) -> &'static str {
        match (self.links, self.padding()) {
            (0, _) => "padding",
            (_, 0) => "links",
            _ => "links and padding",
        }
    }

    /// A line for each part and each gap.
    fn draw_parts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = |f: &mut fmt::Formatter<'_>, from: usize, to: usize| {
            if from < to {
                write!(f, "\n{from:>8} {:>6}         {}", to - from, self.gap())
            } else {
                Ok(())
            }
        };
        let mut end = 0;
        for part in self.parts() {
            if part.size == 0 && part.align == 1 {
                continue; // the value of a set
            }
            gap(f, end, part.offset)?;
            part.draw(f)?;
            end = part.offset + part.size;
        }
        gap(f, end, self.size)
    }

    /// A letter for each byte, eight together.
    fn draw_bytes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.size == 0 || self.size > DRAWN {
            return Ok(());
        }
        f.write_str("\n  ")?;
        for offset in 0..self.size {
            let part = self.parts().into_iter().find(|part| part.has(offset));
            if offset % 8 == 0 {
                f.write_str("|")?;
            }
            let gap = if self.links > 0 { '-' } else { '.' };
            write!(f, "{}", part.map_or(gap, SlotPart::letter))?;
        }
        f.write_str("|")
    }

    /// What other types would save.
    fn advise(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wide, narrow) = self.wide_and_narrow();
        write!(f, "\n  another order of key and value saves nothing")?;
        let mut align = wide.align / 2;
        let least = if self.links > 0 {
            narrow.align.max(4)
        } else {
            narrow.align
        };
        while align >= least && !wide.is_copied {
            let size = self.size_aligned_to(align);
            let saved = self.size - size;
            write!(
                f,
                "\n  {} split into parts aligned to {align}: {size} bytes a slot, {saved} saved",
                wide.name
            )?;
            #[cfg(feature = "fixed")]
            if let Some(schema) = wide.schema {
                name_wider(f, schema, align)?;
            }
            align /= 2;
        }
        write!(
            f,
            "\n  {} of up to {} bytes at the same size",
            narrow.name,
            narrow.size + self.padding()
        )
    }
}

impl fmt::Display for SlotLayout {
    /// Several lines, without one at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot of {} bytes, aligned to {}", self.size, self.align)?;
        if self.padding() > 0 {
            write!(f, ": {} are padding ({:.1} %)", self.padding(), self.percent_padding())?;
        } else {
            write!(f, ", no padding")?;
        }
        write!(f, "\n  offset   size  align")?;
        self.draw_parts(f)?;
        self.draw_bytes(f)?;
        if self.padding() > 0 {
            self.advise(f)?;
        }
        Ok(())
    }
}

//! What errors of archives say: what was wrong, where, and what to do.

use super::{Field, FixedError, Kind, NOWHERE};
use crate::fixed::counted::{counted, entries};
use core::fmt;

/// The advice for an indexed archive, whatever is wrong with it.
const ANEW: &str = "an indexed archive cannot be repaired: take another copy, or make it anew of its entries";

/// The same for an archive of paths.
const TREE_ANEW: &str = "an archive of paths cannot be repaired: take another copy, or make it anew of its `PathMap`";

#[allow(clippy::too_many_lines, reason = "one text for each field")]
impl fmt::Display for FixedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            archive,
            place,
            expected,
            found,
        } = *self;
        let or_anew = |advice| match archive {
            Kind::Table | Kind::Entries => advice,
            Kind::Index => ANEW,
            Kind::Tree => TREE_ANEW,
        };
        match field {
            Field::MemoryLength => write!(
                f,
                "the memory has {found} bytes, {expected} are needed: `bytes_for` tells the size of a new map; an archive with fewer has lost its end"
            ),
            Field::MemoryAlign => write!(
                f,
                "the memory is aligned to {found} bytes, {expected} are needed; copy it into `AlignedBytes`"
            ),
            Field::Scratch => write!(
                f,
                "the scratch memory has {found} words, {expected} are needed; `scratch_words` gives the number"
            ),
            Field::Heap => write_refused(f, expected),
            Field::Magic => write!(
                f,
                "this is no archive of arenamap: its first eight bytes are {found:#018x}, expected {expected:#018x}; \
                 check which file it is, and that the memory begins where the archive does"
            ),
            Field::Version => write!(
                f,
                "the archive has format version {found}, this program reads version {expected}; write it anew with this program"
            ),
            Field::EndianMark => write!(
                f,
                "the endian mark is {found:#06x}, expected {expected:#06x}: the bytes of integers were swapped on the way; copy archives unchanged"
            ),
            Field::KeyLayout | Field::ValueLayout => write!(
                f,
                "the archive's {} is of another type: layout hash {found:#018x}, this program's is {expected:#018x}; \
                 open it with the type that wrote it{}; `arenamap info` shows all of them",
                if field == Field::KeyLayout { "key" } else { "value" },
                match archive {
                    Kind::Tree => "",
                    _ => ", or some of its fields by a `FixedView`",
                }
            ),
            Field::HeaderBytes
            | Field::SlotSize
            | Field::SlotAlign
            | Field::KeySize
            | Field::ValueSize
            | Field::ValueOffset => write!(
                f,
                "{}: the archive says {found} bytes, the types of this program take {expected}; open it with the types that wrote it",
                match field {
                    Field::HeaderBytes => "size of the header",
                    Field::SlotSize => "size of a slot",
                    Field::SlotAlign => "alignment of a slot",
                    Field::KeySize => "size of a key",
                    Field::ValueSize => "size of a value",
                    _ => "offset of the value in its slot",
                }
            ),
            Field::Hasher => write!(
                f,
                "the archive is hashed by function {found}, this program knows {expected}; open it with the program that wrote it"
            ),
            Field::Capacity => write!(
                f,
                "a capacity of {} is more than fit the format, which takes at most {expected}, and the addresses of this machine; shard the map",
                entries(found)
            ),
            Field::TooSmall => write!(
                f,
                "a capacity of {} does not hold the {expected} that the map has; ask for more",
                entries(found)
            ),
            Field::TooLittleRoom => write!(
                f,
                "a room of {found} bytes does not hold the {expected} that the texts of the map have; ask for more"
            ),
            Field::Groups => write!(
                f,
                "the header says {found} groups, its capacity needs {expected}: the header is damaged; take another copy"
            ),
            Field::Bytes => write!(
                f,
                "the header says {found} bytes, its capacity needs {expected}: the header is damaged; take another copy"
            ),
            Field::Kind if archive == Kind::Index => {
                write!(f, "the archive is of kind {found}, an `IndexedMap`: {ANEW}")
            }
            Field::Kind => write!(
                f,
                "the archive is of kind {found}, this type reads kind {expected}; open kind 0 as a `FixedMap` or `VarMap`, kind 1 as an `IndexedMap`"
            ),
            Field::SchemaBytes => write!(
                f,
                "the schema has {found} bytes, that of this program's types {expected}; open it with the types that wrote it"
            ),
            Field::Schema => write!(
                f,
                "the schema is not that of the types: at offset {place} there is {found}, expected {expected}; {}",
                or_anew("`recover` writes it anew")
            ),
            Field::Description => write!(
                f,
                "the schema does not say what is in the archive: at offset {place} there is {found}, expected {expected}; \
                 open it with the types that wrote it, or take another copy"
            ),
            Field::Room if expected == 0 => write!(
                f,
                "the header says {found} bytes of room for texts, but neither key nor value is one: the header is damaged; take another copy"
            ),
            Field::Room => write!(
                f,
                "a room of {found} bytes for texts is more than fit the format, which takes at most {expected}, and the addresses of this machine; \
                 shard the map"
            ),
            Field::RoomUsed => write!(
                f,
                "the header says that {found} bytes of the room for texts are used, expected {expected}; {}",
                or_anew("`recover` counts them again")
            ),
            Field::Garbage if archive == Kind::Index => write!(
                f,
                "the room for texts has {found} bytes behind the last one, expected {expected}; {ANEW}"
            ),
            Field::Garbage => write!(
                f,
                "the header says {found} bytes of texts that are not there any more, expected {expected}; {}",
                or_anew("`recover` counts them again")
            ),
            Field::Reserved => write!(
                f,
                "the reserved byte at offset {place} is {found}, expected {expected}: damaged, or written by a later version; \
                 take another copy, or open it with that version"
            ),
            Field::HeaderChecksum => write!(
                f,
                "the header's checksum is {found:#018x}, its bytes make {expected:#018x}: the header is damaged; take another copy"
            ),
            Field::Len if archive == Kind::Entries => write!(
                f,
                "the iterator said {}, and gave {expected}: its `len` is wrong, or it is of a damaged map, of which `verify` tells more",
                entries(found)
            ),
            Field::Len => write!(
                f,
                "the header says {}, the archive has {expected}; {}",
                entries(found),
                or_anew("`recover` counts them again")
            ),
            Field::State => write!(
                f,
                "the state is {found:#018x}, expected {expected:#018x} (sealed): the file was not closed cleanly, or is damaged; {}",
                or_anew("`recover` says what can be kept")
            ),
            Field::ContentChecksum => write!(
                f,
                "the checksum of the content is {found:#018x}, its bytes make {expected:#018x}: the archive is damaged; {}",
                or_anew("take another copy, or keep what is whole by `recover`")
            ),
            Field::Tag => write!(
                f,
                "slot {place} has tag {found}, its key has tag {expected}; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Counters => write!(
                f,
                "the counters of group {place} are {found:#010x}, the entries need {expected:#010x}; {}",
                or_anew("`recover` counts again")
            ),
            Field::Padding => write!(
                f,
                "slot {place} has bytes that should be zero, but are not; {}",
                or_anew("`recover` clears them")
            ),
            Field::Key => write!(
                f,
                "the key in slot {place} is not valid for its type; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Value => write!(
                f,
                "the value in slot {place} is not valid for its type; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Text if archive == Kind::Entries => write!(
                f,
                "a text of entry {place} has {found} bytes, a text has {expected} at most; split it"
            ),
            Field::Text if (expected, found) == (0, 1) => write!(
                f,
                "a text of slot {place} is not where it should be, or no UTF-8 although it is a `str`; {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Text if archive == Kind::Index => write!(
                f,
                "a text of slot {place} ends at {found} in the room for texts, expected {expected}, behind those of the slots before; {ANEW}"
            ),
            Field::Text => write!(
                f,
                "a text of slot {place} is not where the slot says, or no UTF-8: it ends at {found}, expected {expected} at most; \
                 {}",
                or_anew("`recover` drops the entry")
            ),
            Field::Overlap => write!(
                f,
                "a text of slot {place}, at {expected} or {found} in the room, has bytes in common with another; {}",
                or_anew("`recover` drops one of the entries")
            ),
            Field::Duplicate => write!(
                f,
                "slots {expected} and {found} have the same key; {}",
                or_anew("`recover` keeps one")
            ),
            Field::Unreachable => write!(
                f,
                "a search does not find the key in slot {place}: it looked at {found} of {expected} groups; {}",
                or_anew("`recover` repairs that")
            ),
            Field::Links => write!(
                f,
                "the links between levels take {found} bytes of the room, its slots need {expected}: the archive is damaged; take another copy"
            ),
            Field::Link if place == NOWHERE => write!(
                f,
                "the link to the empty path leads to level {found}, which is not among the {expected} slots: the archive is damaged; \
                 take another copy"
            ),
            Field::Link => write!(
                f,
                "a link of the level in slot {place} leads to level {found}, which is not there, expected {expected} at most: \
                 the archive is damaged; take another copy"
            ),
            Field::LinkText => write!(
                f,
                "a text of slot {place} stands at {found} in the room, among the links, which end at {expected}: \
                 the archive is damaged; take another copy"
            ),
            Field::Parent => write!(
                f,
                "level {expected} leads to the one in slot {place}, whose parent is level {found}: the archive is damaged; take another copy"
            ),
            Field::Levels if place == NOWHERE => write!(
                f,
                "the links lead to {found} of {expected} levels: the archive is damaged; take another copy"
            ),
            Field::Levels => write!(
                f,
                "the links lead to more than the {expected} levels there are, and again to that in slot {place}: \
                 the archive is damaged; take another copy"
            ),
            Field::EmptyLevel => write!(
                f,
                "the level in slot {place} has neither a value nor levels below: the archive is damaged; take another copy"
            ),
            Field::NoValue => write!(
                f,
                "the level in slot {place} has no value, but bytes in its place: the archive is damaged; take another copy"
            ),
            Field::Values => write!(
                f,
                "the archive says {}, its levels have {expected}: it is damaged; take another copy",
                counted(found, "value", "values")
            ),
            Field::Tree => write!(
                f,
                "an archive of paths is made at once and never written to, so its entries cannot be repaired, indexed, or added one by one; \
                 make it anew of a `PathMap`, or take another copy"
            ),
            Field::Parts if place != NOWHERE => write!(
                f,
                "part {place} of the index ends before slot {found}, its entries need {expected}: the archive is damaged; take another copy"
            ),
            Field::Parts | Field::Buckets | Field::Slots => write!(
                f,
                "the header says {found} {}, its length needs {expected}: the header is damaged; take another copy",
                match field {
                    Field::Parts => "parts of the index",
                    Field::Buckets => "buckets of the index",
                    _ => "slots",
                }
            ),
            Field::Misplaced => write!(
                f,
                "the key in slot {place} belongs into slot {expected}, and is no copy of its neighbour: the archive is damaged; \
                 take another copy"
            ),
            Field::Repeated => write!(f, "entries {expected} and {found} have the same key; leave one out"),
            Field::Collision => write!(
                f,
                "entries {expected} and {found} have different keys with the same hash, and so it was under other seeds: \
                 their keys were chosen to collide, or their type does not give all its parts to the hasher; use a `FixedMap` or `VarMap`"
            ),
            Field::Index if archive == Kind::Entries => write!(
                f,
                "the entries were others each time the iterator was cloned, or their keys had another hash each time; \
                 collect them first"
            ),
            Field::Index => write!(
                f,
                "no index was found under {found} seeds: the keys were chosen to collide, or have another hash each time; \
                 try another seed, or use a `FixedMap` or `VarMap`"
            ),
            Field::Search => write!(
                f,
                "a search that began in group {place} went through all of {} without an end: \
                 the keys were chosen to collide, or the archive is damaged; {}",
                counted(found, "group", "groups"),
                match archive {
                    Kind::Tree => "`verify` tells which, one made anew of its `PathMap` has another seed",
                    _ => "`verify` tells which, `copy_into` gives it another seed",
                }
            ),
        }
    }
}

/// The text for a block of that many bytes, which the global allocator refused.
pub(in crate::fixed) fn write_refused(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    write!(
        f,
        "the global allocator refused a block of {bytes} bytes; free memory, or ask for less"
    )
}

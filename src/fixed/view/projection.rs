//! Fields that are found by their names.

use super::super::described::Type;
use super::super::value::{AnyBytes, FixedValue, Frozen, Schema};
use super::super::var::VarKey;
use super::ViewError;
use super::field::value_in;
use alloc::string::{String, ToString};

/// Some fields of a struct: made by [`fixed_view!`](crate::fixed_view).
pub trait Projection {
    /// References to the fields.
    type Of<'m>;

    /// The fields, in the order in which `read` asks for them.
    #[doc(hidden)]
    const FIELDS: &'static [ProjectedField];

    #[doc(hidden)]
    fn read<'m>(found: &mut Found<'m, '_>) -> Option<Self::Of<'m>>;
}

/// A field that is looked for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ProjectedField {
    pub name: &'static str,
    /// Earlier names; a dot leads into a struct.
    pub earlier: &'static [&'static str],
    pub schema: &'static Schema,
    pub has_default: bool,
}

/// A value, and where its fields are.
#[doc(hidden)]
#[derive(Debug)]
pub struct Found<'m, 'o> {
    pub(super) value: &'m [u8],
    pub(super) offsets: core::slice::Iter<'o, Option<usize>>,
}

impl<'m> Found<'m, '_> {
    /// The next field; the default if the archive has none.
    pub fn next<T: AnyBytes + Frozen>(&mut self, default: Option<&'m T>) -> Option<&'m T> {
        match self.offsets.next()? {
            Some(offset) => value_in(self.value.get(*offset..)?.get(..size_of::<T>())?),
            None => default,
        }
    }
}

impl ProjectedField {
    /// Where the field begins in a value of this type; `None` if it is not there and has a default.
    pub(super) fn find(&self, value: &Type) -> Result<Option<usize>, ViewError> {
        let names = core::iter::once(&self.name).chain(self.earlier);
        let Some((stored, (offset, of))) = names.copied().find_map(|name| Some((name, member(value, name)?))) else {
            if self.has_default {
                return Ok(None);
            }
            return Err(ViewError::Missing {
                field: self.name,
                earlier: self.earlier,
                expected: text_of(self.schema),
                found: value.to_string(),
            });
        };
        if *of == Type::of(self.schema) {
            Ok(Some(offset))
        } else {
            Err(ViewError::Type {
                field: self.name.into(),
                stored: stored.into(),
                expected: text_of(self.schema),
                found: of.to_string(),
            })
        }
    }
}

/// A field of a struct, or of a struct in it: `"place.x"`.
pub(super) fn member<'t>(of: &'t Type, path: &str) -> Option<(usize, &'t Type)> {
    path.split('.').try_fold((0, of), |(offset, of), name| {
        let member = of.members().iter().find(|member| member.name() == name)?;
        Some((offset + member.offset(), member.of()))
    })
}

/// A schema as the text of a type.
pub(super) fn text_of(schema: &Schema) -> String {
    Type::of(schema).to_string()
}

/// Whether the keys of an archive are these.
pub(super) fn check_key<K: VarKey + ?Sized>(found: &Type) -> Result<(), ViewError> {
    let schema = &<K::Slot as FixedValue>::SCHEMA;
    if *found == Type::of(schema) {
        return Ok(());
    }
    Err(ViewError::Key {
        expected: text_of(schema),
        found: found.to_string(),
    })
}

/// Declares a struct of references to some fields of the values of an archive, for a [`FixedView`](crate::fixed::FixedView).
///
/// Each field has the type that it has in the archive, which is an [`AnyBytes`](crate::fixed::AnyBytes) one. After the type there may be
/// `| "name"`, once or more: earlier names of the field, or its path into a struct (`"place.x"`); and `= value`, a constant: the
/// value if the archive has no such field. The order of the fields does not matter. The fields of the struct are references.
///
/// ```
/// use arenamap::fixed::{AlignedBytes, FixedMap, FixedView, ViewError, u32_le, u64_le};
///
/// arenamap::fixed_struct! { pub struct Place { pub x: u32_le, pub y: u32_le } }
/// arenamap::fixed_struct! { pub struct City { pub people: u64_le, pub place: Place } }
/// arenamap::fixed_view! { pub struct North<'m> { pub y: u32_le | "place.y", pub people: u64_le } }
/// arenamap::fixed_view! { pub struct Named<'m> { pub name: u64_le } }
///
/// let mut cities = FixedMap::<u64_le, City, _>::create(AlignedBytes::zeroed(2048), 10)?;
/// cities.insert(1.into(), City { people: 9.into(), place: Place { x: 2.into(), y: 3.into() } }).unwrap();
/// let view = FixedView::<u64_le, North>::open(cities.as_bytes())?;
/// assert_eq!(view.get(&1).map(|city| city.y), Some(&3.into()));
///
/// let error = FixedView::<u64_le, Named>::open(cities.as_bytes()).unwrap_err();
/// assert!(matches!(error, ViewError::Missing { field: "name", .. }));
/// assert!(error.to_string().contains("City { people: u64_le, place: Place { x: u32_le, y: u32_le } }"), "{error}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! fixed_view {
    ($(#[$meta:meta])* $vis:vis struct $name:ident<$life:lifetime> {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty $(| $earlier:literal)* $(= $default:expr)?),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        $vis struct $name<$life> { $($(#[$field_meta])* $field_vis $field: &$life $type,)* }

        impl $crate::fixed::Projection for $name<'_> {
            type Of<$life> = $name<$life>;

            const FIELDS: &'static [$crate::fixed::__private::ProjectedField] = &[$($crate::fixed::__private::ProjectedField {
                name: ::core::stringify!($field),
                earlier: &[$($earlier),*],
                schema: &<$type as $crate::fixed::FixedValue>::SCHEMA,
                has_default: false $(|| { let _: fn() -> $type = || $default; true })?,
            },)*];

            fn read<$life>(found: &mut $crate::fixed::__private::Found<$life, '_>) -> ::core::option::Option<$name<$life>> {
                ::core::option::Option::Some($name {
                    $($field: found.next::<$type>($crate::__fixed_default!($type $(= $default)?))?,)*
                })
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fixed_default {
    ($type:ty) => {
        ::core::option::Option::None
    };
    ($type:ty = $default:expr) => {{
        const DEFAULT: &$type = &$default;
        ::core::option::Option::Some(DEFAULT)
    }};
}

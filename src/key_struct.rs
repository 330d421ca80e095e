//! `key_struct!`: structs that are keys of growing maps, looked up by their borrowed parts.

/// Declares a struct that is a key of maps and sets, and is looked up by its borrowed parts: [`Parts`](crate::Parts).
///
/// Fields are written as in any struct, one to eight of them. Write your own derives (`Clone`, `Debug`) and attributes above it as usual. The
/// macro derives `PartialEq`, `Eq` and `Hash`, so these must not be among them. It adds [`Equivalent`](crate::Equivalent) for `Parts` of a
/// [`Part`](crate::Part) of each field, in their order: `&str` for a `String`, an [`ArenaString`](crate::ArenaString) or a `&str`, numbers by
/// value, references to whatever hashes and compares like the field for everything else.
///
/// ```
/// use arenamap::{Arena, ArenaMap, ArenaString, Parts};
///
/// arenamap::key_struct! {
///     /// Where a request goes.
///     #[derive(Clone, Debug)]
///     pub struct Route<'a> { pub host: ArenaString<&'a Arena>, pub path: ArenaString<&'a Arena>, pub port: u16 }
/// }
///
/// let arena = Arena::new();
/// let mut hits = ArenaMap::new_in(&arena);
/// for path in ["/", "/about", "/"] {
///     // The key is made only where there is none.
///     let route = Parts(("example.org", path, 443_u16));
///     *hits.entry_ref(&route).or_insert_keyed(
///         |&Parts((host, path, port))| Route {
///             host: ArenaString::from_str_in(host, &arena),
///             path: ArenaString::from_str_in(path, &arena),
///             port,
///         },
///         0,
///     ) += 1;
/// }
/// assert_eq!(hits.get(&Parts(("example.org", "/", 443_u16))), Some(&2));
/// assert_eq!(hits.get(&Parts(("example.org", "/", 80_u16))), None);
/// ```
///
/// The struct may have lifetimes, and type parameters with at most one bound each, that has no `where`:
///
/// ```
/// use arenamap::{ArenaSet, Parts};
///
/// arenamap::key_struct! {
///     struct Tagged<'a, T: Copy> { tag: &'a str, id: T }
/// }
///
/// let set = ArenaSet::from([Tagged { tag: "user", id: 7_u64 }]);
/// assert!(set.contains(&Parts(("user", 7_u64))) && !set.contains(&Parts(("group", &7_u64))));
/// ```
///
/// For the keys of a `FixedMap` there is `fixed_struct!`.
///
/// ```compile_fail
/// // There is one part for each field.
/// arenamap::key_struct! { struct Key { a: String, b: u32 } }
/// let set = arenamap::ArenaSet::<Key>::new();
/// set.contains(&arenamap::Parts(("a",)));
/// ```
#[macro_export]
macro_rules! key_struct {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(<$($lifetime:lifetime),* $(,)? $($param:ident $(: $bound:path)?),* $(,)?>)? {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(PartialEq, Eq, Hash)]
        $vis struct $name $(<$($lifetime,)* $($param $(: $bound)?),*>)? {
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }

        $crate::__key_parts! {
            [$($($lifetime,)* $($param $(: $bound)?,)*)?] [$name $(<$($lifetime,)* $($param,)*>)?] $($field $type;)*
        }
    };
}

/// `Equivalent` for the parts of a struct: field by field, in the order in which the derived `Hash` hashes them.
///
/// The arms give each field a type parameter, which a macro cannot make of the field's name.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_parts {
    (@ [$($generics:tt)*] [$($key:tt)+] $(($part:ident $field:ident $type:ty))+) => {
        #[allow(private_bounds, reason = "a public struct may have fields of types that are not")]
        impl<$($generics)* $($part: $crate::Part<$type>,)+> $crate::Equivalent<$($key)+> for $crate::Parts<($($part,)+)> {
            #[inline]
            fn equivalent(&self, key: &$($key)+) -> bool {
                let $crate::Parts(($($field,)+)) = self;
                true $(&& $crate::Part::<$type>::is_part($field, &key.$field))+
            }
        }
    };
    ($i:tt $n:tt $a:ident $A:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) }
    };
    ($i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) (__B $b $B) }
    };
    ($i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) }
    };
    ($i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) }
    };
    ($i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) }
    };
    ($i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty;) => {
        $crate::__key_parts! { @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) }
    };
    (
        $i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty;
        $g:ident $G:ty;
    ) => {
        $crate::__key_parts! {
            @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) (__G $g $G)
        }
    };
    (
        $i:tt $n:tt $a:ident $A:ty; $b:ident $B:ty; $c:ident $C:ty; $d:ident $D:ty; $e:ident $E:ty; $f:ident $F:ty;
        $g:ident $G:ty; $h:ident $H:ty;
    ) => {
        $crate::__key_parts! {
            @ $i $n (__A $a $A) (__B $b $B) (__C $c $C) (__D $d $D) (__E $e $E) (__F $f $F) (__G $g $G) (__H $h $H)
        }
    };
    ($($other:tt)*) => {
        ::core::compile_error!("`key_struct!` takes one to eight fields; put further ones into a struct in the struct");
    };
}

//! Makes a public iterator of a raw iterator of the table.

/// Declares a public iterator over a raw one: its fields, its traits, and how an entry becomes an item. Maps with keys
/// of any type use it, and maps that copy their keys. `[.., H: Handle]` is for iterators that keep an arena; `where
/// [..]` adds bounds.
macro_rules! iterator {
    (
        $(#[$doc:meta])* $name:ident [$($generic:tt),+] $(where [$($bounds:tt)+])?
        = $raw:ty, $item:ty, |$entry:pat_param| $map:expr
    ) => {
        $(#[$doc])*
        pub struct $name<$($generic),+> $(where $($bounds)+)? {
            pub(crate) raw: $raw,
        }
        $crate::iterator::iterator! {
            @impl $name [$($generic),+] [$($generic),+] [$($($bounds)+)?] $raw, $item, |$entry| $map
        }
    };
    (
        $(#[$doc:meta])* $name:ident [$($generic:tt),+; H: Handle] $(where [$($bounds:tt)+])?
        = $raw:ty, $item:ty, |$entry:pat_param| $map:expr
    ) => {
        $(#[$doc])*
        pub struct $name<$($generic),+, H: Handle = Arena> $(where $($bounds)+)? {
            pub(crate) raw: $raw,
        }
        $crate::iterator::iterator! {
            @impl $name [$($generic),+, H: Handle] [$($generic),+, H] [$($($bounds)+)?] $raw, $item, |$entry| $map
        }
    };
    (@impl $name:ident [$($declared:tt)+] [$($used:tt)+] [$($bounds:tt)*] $raw:ty, $item:ty, |$entry:pat_param| $map:expr) => {
        impl<$($declared)+> Iterator for $name<$($used)+> where $($bounds)* {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                match self.raw.next() {
                    Some($entry) => Some($map),
                    None => None,
                }
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.raw.size_hint()
            }

            #[inline]
            fn count(self) -> usize {
                self.raw.size_hint().0
            }

            #[inline]
            fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut f: F) -> B {
                self.raw.fold(init, |acc, $entry| f(acc, $map))
            }
        }

        impl<$($declared)+> ExactSizeIterator for $name<$($used)+> where $($bounds)* {}
        impl<$($declared)+> FusedIterator for $name<$($used)+> where $($bounds)* {}
    };
}
pub(crate) use iterator;

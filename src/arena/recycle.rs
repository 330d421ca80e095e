//! Free blocks, by exact size: given back, they wait here for the next block of the same size and alignment.
//!
//! ```text
//! small: alignment 8, 8 to 512 bytes            large: everything else, at least 32 bytes
//!
//! mask   1 bit per size                         root --> [ key | left | right | same ] ....
//! heads  [ 8 | 16 | 24 | ... | 512 ]                        |       |      |
//!              |                                            |       |      '-> [ next ] ....  --> [ next ] ....
//!              '-> [ next | .. ] --> [ next | .. ]          |       '-> [ key | left | right | same ]
//!                                                           '-> [ key | left | right | same ] ....
//! ```
//!
//! A small block stores the address of the next one of its size. A large size has one *class node*, which is itself a
//! free block of that size; the class nodes form a digital search tree over the scrambled key (size and alignment), so
//! that a search takes about log2(sizes) steps and never more than the bits of a word. Further blocks of the size hang
//! from the node in a list.
//!
//! Invariants:
//!
//! 1. A block in a list or in the tree is memory that nobody else reads or writes, until `pop` hands it out.
//!    Upheld by the caller of `push`, whose contract it is, and by handing out each block once.
//! 2. `heads[i]` is the first block of its list if bit `i` of `mask` is set, and not even initialised otherwise. The lists and
//!    the tree consist of blocks only. So `clear` needs to touch no block: it forgets.
//! 3. A block is aligned to at least 8 and its pointer reaches all of its bytes: at least one pointer in a small block,
//!    at least one `Class` in a large one. Upheld by `Block::of` and by the caller of `push`.

#![allow(unsafe_code, reason = "the lists run through the free blocks themselves")]
#![cfg_attr(
    arenamap_guard,
    allow(dead_code, reason = "under guard only the sizes of blocks are used")
)]

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::error::ArenaError;

/// Smallest alignment of every block, and the unit of every size.
pub(super) const MIN_ALIGN: usize = 8;

/// Small classes: one for every multiple of 8 up to 512 bytes.
const SMALL: usize = 64;

/// A large block has room for a class node, on every target.
const MIN_LARGE: usize = 32;
const _: () = assert!(size_of::<Class>() <= MIN_LARGE && align_of::<Class>() <= MIN_ALIGN);

/// What malloc wants of a heap block for itself; a block that leaves it free has a round size.
pub(super) const MALLOC: usize = 16;

/// The round size for a heap block with at least this many bytes: a power of two below a page, else pages.
pub(super) const fn round_size(bytes: usize) -> Option<usize> {
    const PAGE: usize = 4 << 10;
    let Some(whole) = bytes.checked_add(MALLOC) else {
        return None;
    };
    let round = if whole < PAGE {
        Some(whole.next_power_of_two())
    } else {
        whole.checked_next_multiple_of(PAGE)
    };
    match round {
        Some(round) => Some(round - MALLOC),
        None => None,
    }
}

/// The size and the alignment that a block really has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// A multiple of `align`, not 0.
    pub(super) size: usize,
    /// A power of two, at least 8.
    pub(super) align: usize,
}

impl Block {
    /// The block for a layout that is not empty.
    ///
    /// The size is rounded up to the alignment, because a bump allocator that gives an odd-sized block back loses the
    /// padding every time. It may exceed `isize::MAX` by a few bytes; no chunk is that large, so nothing comes of it.
    #[inline]
    pub(super) const fn of(layout: Layout) -> Self {
        debug_assert!(layout.size() != 0);
        if layout.align() <= MIN_ALIGN {
            // No overflow: a layout is no larger than `isize::MAX`.
            Self {
                size: (layout.size() + (MIN_ALIGN - 1)) & !(MIN_ALIGN - 1),
                align: MIN_ALIGN,
            }
        } else {
            let size = (layout.size() + (layout.align() - 1)) & !(layout.align() - 1);
            Self {
                size: if size < MIN_LARGE { MIN_LARGE } else { size },
                align: layout.align(),
            }
        }
    }

    /// What is said where the heap has no memory for this block.
    #[cold]
    pub(super) const fn refused(self) -> ArenaError {
        ArenaError::refused(self.size, self.align)
    }

    /// Index of the small class of this block, if it has one.
    #[inline]
    pub(super) const fn small(self) -> Option<usize> {
        if self.align == MIN_ALIGN && self.size <= SMALL * MIN_ALIGN {
            Some(self.size / MIN_ALIGN - 1)
        } else {
            None
        }
    }

    /// Size and alignment in one word: the size is a multiple of the alignment `2^k`, and `k < 2^k`.
    const fn key(self) -> usize {
        self.size | self.align.trailing_zeros() as usize
    }
}

/// Bytes that an arena counts for a block of this layout: rounded up, and none for none.
pub(crate) const fn handed_out(layout: Layout) -> usize {
    if layout.size() == 0 { 0 } else { Block::of(layout).size }
}

/// The first bytes of a free small block, and of a free large block that is not a class node.
struct Link {
    next: Option<NonNull<Link>>,
}

/// The first bytes of the free large block that stands for its size.
struct Class {
    key: usize,
    children: [Option<NonNull<Class>>; 2],
    same: Option<NonNull<Link>>,
}

/// The free blocks of an arena.
pub(super) struct FreeLists {
    /// Bytes in all free blocks; 0 says at a glance that there is nothing to look for.
    bytes: usize,
    mask: u64,
    root: Option<NonNull<Class>>,
    heads: [MaybeUninit<NonNull<Link>>; SMALL],
}

impl FreeLists {
    pub(super) const fn new() -> Self {
        Self {
            bytes: 0,
            mask: 0,
            root: None,
            heads: [const { MaybeUninit::uninit() }; SMALL],
        }
    }

    /// Lists that say that they have so many bytes, to be looked at only.
    pub(super) const fn of_bytes(bytes: usize) -> Self {
        let mut lists = Self::new();
        lists.bytes = bytes;
        lists
    }

    /// Bytes in free blocks.
    #[inline]
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets every block: the memory belongs to somebody else from now on.
    #[inline]
    pub(super) const fn clear(&mut self) {
        self.bytes = 0;
        self.mask = 0;
        self.root = None;
    }

    /// A free block of exactly this size and alignment.
    ///
    /// Not inlined: a call that saves no registers is cheaper than a longer path for those that find nothing free at all.
    #[inline(never)]
    pub(super) fn pop(&mut self, block: Block) -> Option<NonNull<u8>> {
        match block.small() {
            Some(class) => self.pop_small(class),
            None => self.pop_large(block),
        }
    }

    /// Takes a block in.
    ///
    /// # Safety
    ///
    /// `ptr` is the start of such a block, may be used for all of its bytes, and is given up by whoever had it: nobody
    /// else uses these bytes until `pop` returns them or `clear` is called.
    #[inline]
    pub(super) unsafe fn push(&mut self, ptr: NonNull<u8>, block: Block) {
        self.bytes += block.size;
        match block.small() {
            // SAFETY: handed on to the caller of this function.
            Some(class) => unsafe { self.push_small(ptr, class) },
            // SAFETY: handed on to the caller of this function.
            None => unsafe { self.push_large(ptr, block.key()) },
        }
    }

    /// True if a block of this size waits, a multiple of 8, whatever its alignment.
    pub(super) fn has(&self, size: usize) -> bool {
        (MIN_ALIGN.trailing_zeros()..usize::BITS - 1)
            .map(|log| Block { size, align: 1 << log })
            .take_while(|block| size.is_multiple_of(block.align))
            .any(|block| self.has_block(block))
    }

    /// True if such a block waits.
    #[inline]
    pub(super) fn has_block(&self, block: Block) -> bool {
        match block.small() {
            Some(class) => self.mask & (1 << class) != 0,
            None => self.bytes != 0 && self.has_large(block),
        }
    }

    #[inline(never)]
    fn has_large(&self, block: Block) -> bool {
        // SAFETY: the root of this tree; a node is read only.
        unsafe { Self::descend(NonNull::from(&self.root), block.key()).read() }.is_some()
    }

    /// [`pop`](Self::pop), of a block of this small class, and inlined.
    #[inline]
    pub(super) fn pop_small(&mut self, class: usize) -> Option<NonNull<u8>> {
        let bit = 1_u64 << class;
        if self.mask & bit == 0 {
            return None;
        }
        let place = &mut self.heads[class & (SMALL - 1)];
        // SAFETY: the bit says that there is a head (2).
        let head = unsafe { place.assume_init() };
        // SAFETY: `head` is a block of the list (2), which is ours alone (1) and has a link (3).
        match unsafe { head.read() }.next {
            Some(next) => _ = place.write(next),
            None => self.mask &= !bit,
        }
        self.bytes -= (class + 1) * MIN_ALIGN;
        Some(head.cast())
    }

    /// # Safety
    ///
    /// As for `push`.
    #[inline]
    unsafe fn push_small(&mut self, ptr: NonNull<u8>, class: usize) {
        let bit = 1_u64 << class;
        let place = &mut self.heads[class & (SMALL - 1)];
        // SAFETY: the bit says that there is a head (2).
        let next = (self.mask & bit != 0).then(|| unsafe { place.assume_init() });
        // SAFETY: the block is ours alone from now on (1) and has room for a link (3).
        unsafe { ptr.cast().write(Link { next }) };
        place.write(ptr.cast());
        self.mask |= bit;
    }

    /// The place in the tree where the class node of `key` is, or where it would be.
    #[inline]
    fn find(&mut self, key: usize) -> NonNull<Option<NonNull<Class>>> {
        let root = NonNull::from(&mut self.root);
        // SAFETY: the root of this tree.
        unsafe { Self::descend(root, key) }
    }

    /// # Safety
    ///
    /// `root` is the root of a tree that is alive. The result may be written if `root` may.
    #[inline]
    unsafe fn descend(root: NonNull<Option<NonNull<Class>>>, key: usize) -> NonNull<Option<NonNull<Class>>> {
        // Sizes differ in few bits, and most of them in the same ones: a product with an odd number spreads them to the
        // upper bits and keeps different keys different.
        #[allow(clippy::cast_possible_truncation, reason = "a 32-bit target takes the lower half")]
        let mut path = key.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize);
        let mut place = root;
        // SAFETY: `place` is the root or a child of a class node, which is a block of ours alone (1, 2, 3); two
        // different keys part at the last of their bits at the latest.
        unsafe {
            while let Some(node) = place.read() {
                if (*node.as_ptr()).key == key {
                    break;
                }
                let side = path >> (usize::BITS - 1);
                path <<= 1;
                place = NonNull::new_unchecked(&raw mut (*node.as_ptr()).children[side]);
            }
        }
        place
    }

    #[inline(never)]
    fn pop_large(&mut self, block: Block) -> Option<NonNull<u8>> {
        let place = self.find(block.key());
        // SAFETY: every node that is read or written here is a class node of the tree, hence a block of ours alone
        // (1, 2, 3); `place` points at the root or at a child of one.
        unsafe {
            let node = place.read()?;
            self.bytes -= block.size;
            // A further block of this size: the node can stay.
            if let Some(link) = (*node.as_ptr()).same {
                (*node.as_ptr()).same = link.read().next;
                return Some(link.cast());
            }
            // The node itself goes. Any leaf below it may take its place, for their keys agree in all bits so far.
            let mut leaf_place = place;
            let mut leaf = node;
            while let [Some(child), _] | [None, Some(child)] = (*leaf.as_ptr()).children {
                let side = usize::from((*leaf.as_ptr()).children[0].is_none());
                leaf_place = NonNull::new_unchecked(&raw mut (*leaf.as_ptr()).children[side]);
                leaf = child;
            }
            leaf_place.write(None);
            if leaf != node {
                (*leaf.as_ptr()).children = (*node.as_ptr()).children;
                place.write(Some(leaf));
            }
            Some(node.cast())
        }
    }

    /// # Safety
    ///
    /// As for `push`.
    #[inline(never)]
    unsafe fn push_large(&mut self, ptr: NonNull<u8>, key: usize) {
        let place = self.find(key);
        // SAFETY: the block is ours alone from now on (1), and has room for a class node, hence for a link (3); `place`
        // points at the root or at a child of a class node.
        unsafe {
            if let Some(node) = place.read() {
                ptr.cast().write(Link {
                    next: (*node.as_ptr()).same,
                });
                (*node.as_ptr()).same = Some(ptr.cast());
            } else {
                ptr.cast().write(Class {
                    key,
                    children: [None; 2],
                    same: None,
                });
                place.write(Some(ptr.cast()));
            }
        }
    }
}

/// The pointer for a block of no bytes.
#[inline]
pub(super) fn dangling(layout: Layout) -> NonNull<u8> {
    let align = core::ptr::without_provenance_mut(layout.align());
    NonNull::new(align).unwrap_or(NonNull::dangling())
}

//! The memory of a ring.

use super::UnsafeCell;
use std::mem::MaybeUninit;

/// Memory that two threads use, at places they have agreed upon. It is not touched before it is written.
pub(super) struct Slab<T>(Box<[UnsafeCell<MaybeUninit<T>>]>);

// SAFETY: the two rings hand each place to one thread at a time, and T is plain data.
unsafe impl<T: Send> Sync for Slab<T> {}
// SAFETY: as above; the slab owns its memory.
unsafe impl<T: Send> Send for Slab<T> {}

#[cfg(not(loom))]
impl<T: Copy> Slab<T> {
    pub(super) fn new(len: usize) -> Self {
        let memory = Box::<[UnsafeCell<MaybeUninit<T>>]>::new_uninit_slice(len);
        // SAFETY: a MaybeUninit needs no initialisation.
        Self(unsafe { memory.assume_init() })
    }

    /// # Safety
    /// No other thread uses these places meanwhile.
    pub(super) unsafe fn write(&self, at: usize, from: &[T]) {
        let places = &self.0[at..at + from.len()];
        // SAFETY: `places` is as long as `from`, writable through its cells, and ours by the contract.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), places.as_ptr() as *mut T, from.len()) }
    }

    /// # Safety
    /// These places have been written, and no other thread writes them meanwhile.
    pub(super) unsafe fn read(&self, at: usize, to: &mut [T]) {
        let places = &self.0[at..at + to.len()];
        // SAFETY: `places` is as long as `to`, initialised, and not written meanwhile by the contract.
        unsafe { std::ptr::copy_nonoverlapping(places.as_ptr() as *const T, to.as_mut_ptr(), to.len()) }
    }
}

/// The same one place at a time, so that the model checker sees every access.
#[cfg(loom)]
impl<T: Copy> Slab<T> {
    pub(super) fn new(len: usize) -> Self {
        Self((0..len).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect())
    }

    pub(super) unsafe fn write(&self, at: usize, from: &[T]) {
        for (cell, value) in self.0[at..].iter().zip(from) {
            // SAFETY: the caller owns the place.
            cell.with_mut(|place| unsafe { (*place).write(*value) });
        }
    }

    pub(super) unsafe fn read(&self, at: usize, to: &mut [T]) {
        for (cell, value) in self.0[at..at + to.len()].iter().zip(to) {
            // SAFETY: the place has been written, and nobody writes it now.
            *value = cell.with(|place| unsafe { (*place).assume_init() });
        }
    }
}

//! One slot of the handle table: an object that calls enter and leave, and that is made invalid once. `make loom` tries every order in
//! which that can meet.
//!
//! The state word holds the calls inside in its low half, then whether the slot is live, then its generation. Who enters adds itself
//! and sees in the same step that the slot is live and of the wanted generation; so the object stays as long as somebody is inside,
//! and leaves with the last of them.

#[cfg(loom)]
use loom::{cell::UnsafeCell, sync::atomic::AtomicU64};
use std::sync::atomic::Ordering;
#[cfg(not(loom))]
use std::{cell::UnsafeCell, sync::atomic::AtomicU64};

const LIVE: u64 = 1 << 32;
const GENERATION_SHIFT: u32 = 33;
const USERS: u64 = LIVE - 1;

pub struct Slot<T> {
    state: AtomicU64,
    entry: UnsafeCell<Option<T>>,
}

// SAFETY: the entry is written only by the thread that fills a slot which is not live and has nobody inside, and taken only by the
// thread that brought the state to "not live, nobody inside"; in between it is shared read-only.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// An empty slot, whose first generation is 1.
    pub fn new() -> Self {
        Slot { state: AtomicU64::new(1 << GENERATION_SHIFT), entry: UnsafeCell::new(None) }
    }

    /// Puts an object in. Returns its generation.
    ///
    /// # Safety
    /// The slot is new, or the last one has left it; and no other thread fills it.
    pub unsafe fn fill(&self, entry: T) -> u64 {
        // SAFETY: nobody is inside, and nobody can enter before the slot is live.
        self.write(|place| unsafe { *place = Some(entry) });
        self.state.fetch_or(LIVE, Ordering::Release) >> GENERATION_SHIFT
    }

    /// Enters, if the slot is live and of this generation.
    pub fn enter(&self, generation: u64) -> bool {
        self.change(generation, Ordering::Acquire, |state| state + 1)
    }

    /// Makes the slot invalid, once: nobody enters this generation any more. Call it from inside.
    pub fn remove(&self, generation: u64) -> bool {
        self.change(generation, Ordering::AcqRel, |state| (state & !LIVE) + (1 << GENERATION_SHIFT))
    }

    fn change(&self, generation: u64, order: Ordering, to: impl Fn(u64) -> u64) -> bool {
        let mut state = self.state.load(Ordering::Relaxed);
        while state & LIVE != 0 && state >> GENERATION_SHIFT == generation {
            match self.state.compare_exchange_weak(state, to(state), order, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// The object.
    ///
    /// # Safety
    /// The caller is inside as long as it has the reference.
    pub unsafe fn entry(&self) -> &T {
        // SAFETY: while somebody is inside the entry is neither written nor taken.
        self.read(|place| unsafe { &*place }).as_ref().expect("a slot that was entered holds its entry")
    }

    /// Leaves. The last one to leave an invalid slot gets the object, and the slot's next generation: it may fill it again.
    ///
    /// # Safety
    /// The caller is inside, and is not afterwards.
    pub unsafe fn leave(&self) -> Option<(T, u64)> {
        let before = self.state.fetch_sub(1, Ordering::AcqRel);
        if before & (LIVE | USERS) != 1 {
            return None;
        }
        // SAFETY: nobody can enter any more, and only this thread saw the count fall to zero.
        let entry = self.write(|place| unsafe { (*place).take() });
        Some((entry.expect("it was filled"), before >> GENERATION_SHIFT))
    }

    #[cfg(not(loom))]
    fn read<R>(&self, look: impl FnOnce(*const Option<T>) -> R) -> R {
        look(self.entry.get())
    }

    #[cfg(not(loom))]
    fn write<R>(&self, change: impl FnOnce(*mut Option<T>) -> R) -> R {
        change(self.entry.get())
    }

    #[cfg(loom)]
    fn read<R>(&self, look: impl FnOnce(*const Option<T>) -> R) -> R {
        self.entry.with(look)
    }

    #[cfg(loom)]
    fn write<R>(&self, change: impl FnOnce(*mut Option<T>) -> R) -> R {
        self.entry.with_mut(change)
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::{sync::Arc, thread};

    /// Enters a generation if that is still possible, sees its object, and leaves. Returns how many objects came out.
    fn call(slot: &Slot<u64>, generation: u64, remove: bool) -> usize {
        if !slot.enter(generation) {
            return 0;
        }
        // SAFETY: it entered.
        let seen = unsafe { *slot.entry() };
        assert_eq!(seen, generation, "the object is that of the handle");
        let removed = remove && slot.remove(generation);
        assert!(!removed || !slot.enter(generation), "nobody comes in any more");
        // SAFETY: as above.
        assert_eq!(unsafe { *slot.entry() }, generation, "it is there as long as somebody is inside");
        // SAFETY: as above, and nothing of the entry is kept.
        let Some((entry, next)) = (unsafe { slot.leave() }) else { return 0 };
        assert_eq!((entry, next), (generation, generation + 1));
        // SAFETY: the last one has left.
        assert_eq!(unsafe { slot.fill(next) }, next);
        1
    }

    fn meet(removers: [bool; 3]) {
        // As at the ring: three preemptions in each run, more than faults need.
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let slot = Arc::new(Slot::new());
            // SAFETY: it is new.
            unsafe { slot.fill(1) };
            let others: Vec<_> = removers[1..]
                .iter()
                .map(|remove| {
                    let (slot, remove) = (slot.clone(), *remove);
                    thread::spawn(move || call(&slot, 1, remove))
                })
                .collect();
            let own = call(&slot, 1, removers[0]);
            let out: usize = own + others.into_iter().map(|other| other.join().unwrap()).sum::<usize>();
            assert_eq!(out, 1, "the object left once");
            assert_eq!((call(&slot, 1, false), slot.enter(2)), (0, true), "the next one is in its place");
        });
    }

    #[test]
    fn loom_one_removes_while_two_are_inside() {
        meet([false, true, false]);
    }

    #[test]
    fn loom_of_two_removers_one_wins() {
        meet([true, true, false]);
    }
}

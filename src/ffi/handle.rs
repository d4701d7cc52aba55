//! The handle table: what C holds is a number that looks like a pointer, is never followed, and is checked at each call.
//!
//! A handle holds an index, a generation and a kind: `0xffff9` | kind (4 bits) | generation (19) | index (18) | 000.
//! Such addresses belong to the kernel's half, so that following one faults at once instead of reading something else.
//!
//! Looking one up is lock-free (`slot.rs`): the slot counts the calls that are inside, and the object leaves it with the last of them.
//! So a call that waits keeps its object alive although another thread freed the handle.

use super::channel::ChannelHandle;
use super::engine::EngineHandle;
use super::event::Payload;
use super::fork;
use super::server::ServerHandle;
use super::slot;
use super::stream::StreamHandle;
use crate::{Error, Result, Status};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const _: () = assert!(usize::BITS == 64, "handles need pointers of 64 bits");

const TAG: u64 = 0xffff9 << 44;
const TAG_MASK: u64 = 0xfffff << 44;
const KIND_SHIFT: u32 = 40;
const GENERATION_SHIFT: u32 = 21;
const GENERATIONS: u64 = 1 << 19;
const INDEX_SHIFT: u32 = 3;
const INDEXES: usize = 1 << 18;
const CHUNK: usize = 256;

/// The kinds of handles; the numbers are part of each handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Engine = 1,
    Channel = 2,
    Stream = 3,
    Server = 4,
    Event = 5,
}

impl Kind {
    fn name(number: u64) -> Option<&'static str> {
        Some(match number {
            1 => "stoa_engine",
            2 => "stoa_channel",
            3 => "stoa_stream",
            4 => "stoa_server",
            5 => "stoa_event's owner",
            _ => return None,
        })
    }
}

/// What a handle stands for.
pub enum Entry {
    Engine(EngineHandle),
    Channel(ChannelHandle),
    Stream(StreamHandle),
    Server(ServerHandle),
    /// Held for the pointers into it.
    #[allow(dead_code)]
    Event(Payload),
}

impl Entry {
    fn kind(&self) -> Kind {
        match self {
            Entry::Engine(_) => Kind::Engine,
            Entry::Channel(_) => Kind::Channel,
            Entry::Stream(_) => Kind::Stream,
            Entry::Server(_) => Kind::Server,
            Entry::Event(_) => Kind::Event,
        }
    }
}

struct Slot {
    object: slot::Slot<Entry>,
    /// The last error of this handle.
    error: Mutex<String>,
}

struct Free {
    /// First in, first out, so that a slot rests as long as possible before its next generation.
    indexes: VecDeque<u32>,
    /// Slots from here on were never used.
    next: usize,
    /// Slots that are not used again.
    worn_out: usize,
}

static CHUNKS: [OnceLock<Box<[Slot]>>; INDEXES / CHUNK] = [const { OnceLock::new() }; INDEXES / CHUNK];
static FREE: Mutex<Free> = Mutex::new(Free { indexes: VecDeque::new(), next: 0, worn_out: 0 });

fn free_list() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn new_chunk() -> Box<[Slot]> {
    let slot = || Slot { object: slot::Slot::new(), error: Mutex::new(String::new()) };
    std::iter::repeat_with(slot).take(CHUNK).collect()
}

fn slot(index: usize) -> Option<&'static Slot> {
    CHUNKS.get(index / CHUNK)?.get().map(|chunk| &chunk[index % CHUNK])
}

/// Puts an object into the table and returns its handle. LIMIT when there are 262,144 already.
pub fn insert<T>(entry: Entry) -> Result<*mut T> {
    let kind = entry.kind();
    let index = {
        let mut free = free_list();
        match free.indexes.pop_front() {
            Some(index) => index as usize,
            None if free.next < INDEXES => {
                free.next += 1;
                free.next - 1
            }
            None => {
                return Err(Error::new(
                    Status::LIMIT,
                    format!("there are {INDEXES} handles: free those that are no longer needed"),
                ));
            }
        }
    };
    let slot = &CHUNKS[index / CHUNK].get_or_init(new_chunk)[index % CHUNK];
    slot.error.lock().unwrap_or_else(PoisonError::into_inner).clear();
    // SAFETY: the index came off the free list, so the slot is new or was left, and no other thread may fill it.
    let generation = unsafe { slot.object.fill(entry) };
    let bits = TAG | (kind as u64) << KIND_SHIFT | generation << GENERATION_SHIFT | (index as u64) << INDEX_SHIFT;
    Ok(std::ptr::without_provenance_mut(bits as usize))
}

/// Handles of the process that are not freed, or that a call is still in.
pub fn live() -> usize {
    let free = free_list();
    free.next - free.indexes.len() - free.worn_out
}

/// A call's stay inside a slot: the object is there until it leaves.
pub struct Stay {
    slot: &'static Slot,
    index: u32,
}

impl Stay {
    /// The object.
    pub fn entry(&self) -> &Entry {
        // SAFETY: this stay is inside, and the reference lives no longer than it.
        unsafe { self.slot.object.entry() }
    }

    /// Keeps a sentence as the handle's last error.
    pub fn set_error(&self, text: &str) {
        let mut error = self.slot.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.clear();
        error.push_str(text);
    }

    /// The handle's last error; empty without one.
    pub fn error(&self) -> String {
        self.slot.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        // SAFETY: this stay was inside, and `entry` lends nothing beyond it.
        let Some((entry, generation)) = (unsafe { self.slot.object.leave() }) else { return };
        drop(entry);
        // A slot whose generations are used up is never used again: no handle ever comes back to life.
        if generation < GENERATIONS {
            free_list().indexes.push_back(self.index);
        } else {
            free_list().worn_out += 1;
        }
    }
}

/// Enters the slot of a handle of this kind; `name` is the argument's, for the sentence.
pub fn enter(handle: *const c_void, kind: Kind, name: &str) -> Result<Stay> {
    fork::check()?;
    let bits = handle.addr() as u64;
    let wanted = Kind::name(kind as u64).expect("every kind has a name");
    if bits == 0 {
        let text = format!("{name} is NULL: give the {wanted} that a stoa function returned");
        return Err(Error::new(Status::NULL_ARGUMENT, text));
    }
    let bad = |text| Err(Error::new(Status::BAD_HANDLE, text));
    let found = Kind::name(bits >> KIND_SHIFT & 0xf);
    let (Some(found), TAG) = (found, bits & TAG_MASK) else {
        return bad(format!("{name} is no handle of this library: give the {wanted} that a stoa function returned"));
    };
    if bits >> KIND_SHIFT & 0xf != kind as u64 {
        return bad(format!("{name} is a {found}: a {wanted} is needed here"));
    }
    let index = bits as usize >> INDEX_SHIFT & (INDEXES - 1);
    let generation = bits >> GENERATION_SHIFT & (GENERATIONS - 1);
    match slot(index).filter(|slot| slot.object.enter(generation)) {
        Some(slot) => Ok(Stay { slot, index: index as u32 }),
        None => bad(format!("{name} is a {wanted} that was freed: do not use a handle after its free function")),
    }
}

/// Makes a handle invalid, once: a second call gets BAD_HANDLE. The object lives on in the stay that is returned, and in those of
/// calls that are still inside.
pub fn remove(handle: *const c_void, kind: Kind, name: &str) -> Result<Stay> {
    let stay = enter(handle, kind, name)?;
    let generation = handle.addr() as u64 >> GENERATION_SHIFT & (GENERATIONS - 1);
    if stay.slot.object.remove(generation) {
        return Ok(stay);
    }
    let text = format!("{name} is being freed by another thread already: free each handle once");
    Err(Error::new(Status::BAD_HANDLE, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::thread;

    fn event(user: &str) -> *mut c_void {
        insert(Entry::Event(Payload::of_user(user))).unwrap()
    }

    fn status(outcome: Result<Stay>) -> Status {
        outcome.err().expect("an error").status
    }

    #[test]
    fn a_handle_is_good_until_removed_and_never_again() {
        let handle = event("ada");
        assert_eq!(handle.addr() >> 44, 0xffff9);
        assert_eq!(handle.addr() % 8, 0);
        let inside = enter(handle, Kind::Event, "owner").unwrap();
        let removed = remove(handle, Kind::Event, "owner").unwrap();
        assert_eq!(status(enter(handle, Kind::Event, "owner")), Status::BAD_HANDLE);
        assert_eq!(status(remove(handle, Kind::Event, "owner")), Status::BAD_HANDLE);
        drop(removed);
        let Entry::Event(payload) = inside.entry() else { panic!("an event") };
        assert_eq!(payload.user.to_str(), Ok("ada"), "alive while a call is inside");
        drop(inside);
        for _ in 0..1000 {
            let other = event("bob");
            assert_ne!(other, handle);
            assert_eq!(status(enter(handle, Kind::Event, "owner")), Status::BAD_HANDLE);
            drop(remove(other, Kind::Event, "owner").unwrap());
        }
    }

    #[test]
    fn null_foreign_and_mistyped_are_told_apart() {
        assert_eq!(status(enter(std::ptr::null(), Kind::Engine, "engine")), Status::NULL_ARGUMENT);
        let text = |bits: u64, kind| {
            let error = enter(std::ptr::without_provenance(bits as usize), kind, "channel").err().unwrap();
            assert_eq!(error.status, Status::BAD_HANDLE);
            error.text
        };
        let local = 1u64;
        assert!(text(&raw const local as u64, Kind::Channel).contains("no handle"));
        assert!(text(0xffff_ffff_ffff_ffff, Kind::Channel).contains("no handle"));
        assert!(text(TAG, Kind::Channel).contains("no handle"));
        let handle = event("ada");
        assert!(text(handle.addr() as u64, Kind::Channel).contains("stoa_channel is needed"));
        drop(remove(handle, Kind::Event, "owner").unwrap());
        let last = TAG | (2 << KIND_SHIFT) | ((1 << KIND_SHIFT) - 8);
        assert!(text(last, Kind::Channel).contains("was freed"));
    }

    #[test]
    fn errors_stay_with_their_handle() {
        let handle = event("ada");
        enter(handle, Kind::Event, "owner").unwrap().set_error("a sentence");
        assert_eq!(enter(handle, Kind::Event, "owner").unwrap().error(), "a sentence");
        drop(remove(handle, Kind::Event, "owner").unwrap());
    }

    #[test]
    fn of_many_removers_one_wins_and_the_object_is_dropped_once() {
        for _ in 0..200 {
            let handle = event("ada").addr();
            let probe = Arc::new(());
            let wins = thread::scope(|scope| {
                let workers: Vec<_> = (0..4)
                    .map(|number| {
                        let probe = probe.clone();
                        scope.spawn(move || {
                            let handle = std::ptr::without_provenance(handle);
                            let _probe = probe;
                            if number % 2 == 0 {
                                remove(handle, Kind::Event, "owner").is_ok() as usize
                            } else {
                                if let Ok(stay) = enter(handle, Kind::Event, "owner") {
                                    assert!(matches!(stay.entry(), Entry::Event(_)));
                                }
                                0
                            }
                        })
                    })
                    .collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
            });
            assert_eq!(wins, 1);
        }
    }
}

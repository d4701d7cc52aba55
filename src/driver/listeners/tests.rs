//! Who is called for which event, and when none is any more.

use super::*;
use crate::event::EventBody;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

const LONG: Duration = Duration::from_secs(20);

#[derive(Default)]
struct World {
    queue: EventQueue,
    listeners: Listeners,
    said: Mutex<Vec<String>>,
    dropped: AtomicUsize,
}

/// Counts as it goes: a callback's data.
struct Data(Arc<World>);

impl Drop for Data {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl World {
    fn new() -> Arc<World> {
        Arc::default()
    }

    fn on(self: &Arc<Self>, kind: Option<EventKind>, once: bool, name: &'static str) -> u64 {
        self.listen(kind, once, name, |_| ()).unwrap()
    }

    fn listen(
        self: &Arc<Self>,
        kind: Option<EventKind>,
        once: bool,
        name: &'static str,
        mut inside: impl FnMut(&Arc<World>) + Send + 'static,
    ) -> Result<u64> {
        let data = Data(self.clone());
        let mut id = 0;
        let callback: EventCallback = Box::new(move |event| {
            let mark = if let EventBody::Played { mark, .. } = event.body { mark } else { 0 };
            data.0.said.lock().unwrap().push(format!("{name} {mark}"));
            inside(&data.0);
        });
        self.listeners.add(kind, once, callback, |number| id = number, &self.queue)?;
        Ok(id)
    }

    fn off(&self, id: u64) -> Result<()> {
        self.listeners.off(id, &self.queue)
    }

    fn played(&self, mark: u64) -> bool {
        let event = Event { time_us: mark, body: EventBody::Played { mark, status: Status::OK } };
        self.listeners.deliver(&Told::new(event), &self.queue)
    }

    fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().unwrap())
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    /// Which kinds the queue keeps for callbacks: "played", "joined".
    fn called(&self) -> [bool; 2] {
        let user = "ada".to_string();
        let bodies = [EventBody::Played { mark: 1, status: Status::OK }, EventBody::UserJoined { user }];
        bodies.map(|body| {
            let called = self.queue.push(Event { time_us: 0, body });
            assert!(self.queue.pop_called().or_else(|| self.queue.pop(Some(Duration::ZERO))).is_some());
            called
        })
    }
}

#[test]
fn all_of_a_name_run_in_the_order_of_registration_after_the_one_for_all() {
    let world = World::new();
    assert!(!world.played(1), "nobody");
    world.on(Some(EventKind::Played), false, "a");
    world.on(None, false, "b");
    world.on(Some(EventKind::UserLeft), false, "other");
    world.on(Some(EventKind::Played), false, "c");
    let all = world.clone();
    let first = Box::new(move |_: &Told| all.said.lock().unwrap().push("first".into()));
    world.listeners.set_for_all(Some(first), &world.queue).unwrap();
    assert!(world.played(2));
    assert_eq!(world.said(), ["first", "a 2", "b 2", "c 2"]);
    world.listeners.set_for_all(None, &world.queue).unwrap();
}

#[test]
fn the_queue_keeps_for_callbacks_what_somebody_listens_to() {
    let world = World::new();
    assert_eq!(world.called(), [false, false]);
    let named = world.on(Some(EventKind::Played), false, "named");
    assert_eq!(world.called(), [true, false]);
    let every = world.on(None, false, "every");
    assert_eq!(world.called(), [true, true]);
    world.off(every).unwrap();
    assert_eq!(world.called(), [true, false]);
    world.off(named).unwrap();
    assert_eq!(world.called(), [false, false]);
}

#[test]
fn once_is_once_and_then_off() {
    let world = World::new();
    let once = world.on(Some(EventKind::Played), true, "once");
    world.on(Some(EventKind::UserLeft), true, "other");
    assert!(world.played(1));
    assert_eq!((world.said(), world.dropped()), (vec!["once 1".to_string()], 1));
    assert_eq!(world.called(), [false, false]);
    assert!(!world.played(2));
    assert_eq!(world.off(once).unwrap_err().status, Status::NOT_FOUND);
    assert_eq!((world.said(), world.dropped()), (vec![], 1));
}

#[test]
fn off_means_no_run_and_no_data_any_more() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| world.on(Some(EventKind::Played), false, name));
    world.off(a).unwrap();
    assert_eq!(world.dropped(), 1);
    assert!(world.played(1));
    assert_eq!(world.said(), ["b 1"]);
    for unknown in [a, 0, 99] {
        assert_eq!(world.off(unknown).unwrap_err().status, Status::NOT_FOUND);
    }
    world.off(b).unwrap();
    assert_eq!(world.dropped(), 2);
}

#[test]
fn inside_a_listener_any_of_them_may_go_and_come() {
    let world = World::new();
    // Numbers are given in order: 1 takes itself and 2 off, and brings 4.
    let busy = |world: &Arc<World>| {
        world.off(1).unwrap();
        world.off(2).unwrap();
        assert_eq!(world.dropped(), 1, "its own data is in use");
        world.on(Some(EventKind::Played), false, "late");
    };
    world.listen(Some(EventKind::Played), false, "busy", busy).unwrap();
    world.on(Some(EventKind::Played), false, "victim");
    world.on(Some(EventKind::Played), false, "third");
    assert!(world.played(1));
    assert_eq!(world.said(), ["busy 1", "third 1"]);
    assert_eq!(world.dropped(), 2);
    assert!(world.played(2));
    assert_eq!(world.said(), ["third 2", "late 2"]);
}

#[test]
fn once_may_take_itself_off() {
    let world = World::new();
    world.listen(Some(EventKind::Played), true, "once", |world| world.off(1).unwrap()).unwrap();
    assert!(world.played(1));
    assert_eq!((world.said().len(), world.dropped(), world.played(2)), (1, 1, false));
}

#[test]
fn off_waits_for_a_run_on_another_thread_of_a_once_too() {
    for once in [false, true] {
        let world = World::new();
        let (entered, enter) = mpsc::channel();
        let (leave, left) = mpsc::channel();
        let inside = move |_: &Arc<World>| {
            entered.send(()).unwrap();
            left.recv().unwrap();
        };
        let id = world.listen(Some(EventKind::Played), once, "slow", inside).unwrap();
        let runner = thread::spawn({
            let world = world.clone();
            move || world.played(1)
        });
        enter.recv_timeout(LONG).unwrap();
        let waiter = thread::spawn({
            let world = world.clone();
            move || (world.off(id), world.dropped())
        });
        // It is off from now on, whether it was waited for or not.
        while world.called()[0] {
            thread::yield_now();
        }
        assert_eq!(world.dropped(), 0);
        leave.send(()).unwrap();
        let (off, dropped) = waiter.join().unwrap();
        assert!(off.is_ok() && dropped == 1, "once {once}: {off:?}, {dropped}");
        assert!(runner.join().unwrap() && !world.played(2));
    }
}

#[test]
fn a_run_that_takes_longer_than_a_second_is_busy_and_its_last() {
    let world = World::new();
    let (entered, enter) = mpsc::channel();
    let (leave, left) = mpsc::channel();
    let inside = move |_: &Arc<World>| {
        entered.send(()).unwrap();
        left.recv().unwrap();
    };
    let id = world.listen(None, false, "slow", inside).unwrap();
    let runner = thread::spawn({
        let world = world.clone();
        move || world.played(1)
    });
    enter.recv_timeout(LONG).unwrap();
    assert_eq!(world.off(id).unwrap_err().status, Status::BUSY);
    assert_eq!(world.off(id).unwrap_err().status, Status::NOT_FOUND);
    leave.send(()).unwrap();
    assert!(runner.join().unwrap());
    assert_eq!((world.dropped(), world.played(2)), (1, false));
}

#[test]
fn there_are_256_and_a_refused_one_is_done_with_its_data() {
    let world = World::new();
    for _ in 0..MAX_LISTENERS {
        world.on(Some(EventKind::Played), false, "many");
    }
    let refused = world.listen(Some(EventKind::Played), false, "more", |_| ()).unwrap_err();
    assert_eq!((refused.status, world.dropped()), (Status::LIMIT, 1));
    assert!(refused.text.contains("256"));
    world.off(7).unwrap();
    world.on(Some(EventKind::Played), false, "room again");
    world.listeners.close(|| LONG, &world.queue).unwrap();
    assert_eq!(world.dropped(), MAX_LISTENERS + 2);
    assert!(!world.played(1));
    let closed = world.listen(None, false, "late", |_| ()).unwrap_err();
    assert_eq!((closed.status, world.dropped()), (Status::CLOSED, MAX_LISTENERS + 3));
}

#[test]
fn another_form_is_made_once_for_all() {
    let told = Told::new(Event { time_us: 5, body: EventBody::Overflow { dropped: 1 } });
    let mut made = 0;
    for _ in 0..3 {
        let form = told.form(|event| {
            made += 1;
            event.time_us.to_string()
        });
        assert_eq!(form.map(String::as_str), Some("5"));
    }
    assert_eq!(made, 1);
    assert_eq!(told.form(|_| 0u8), None);
}

//! Sources, stops, and callbacks that are replaced, on real threads.

use super::*;
use crossbeam_channel::bounded;
use std::sync::atomic::AtomicUsize;

const LONG: Duration = Duration::from_secs(20);

struct Work {
    scheduled: Scheduled,
    run: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Source for Work {
    fn scheduled(&self) -> &Scheduled {
        &self.scheduled
    }
    fn run(&self) -> bool {
        (self.run)()
    }
}

fn work(run: impl Fn() -> bool + Send + Sync + 'static) -> Arc<dyn Source> {
    Arc::new(Work { scheduled: Scheduled::default(), run: Box::new(run) })
}

struct CountDrop(Arc<AtomicUsize>);
impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_source_waits_in_the_queue_once_and_yields_to_others() {
    let dispatcher = Dispatcher::start("test").unwrap();
    let (order, seen) = unbounded();
    let (gate, gated) = bounded::<()>(0);
    let blocker = work(move || {
        gated.recv().unwrap();
        false
    });
    let left = AtomicUsize::new(3);
    let tell = order.clone();
    let greedy = work(move || {
        tell.send("greedy").unwrap();
        left.fetch_sub(1, Ordering::SeqCst) > 1
    });
    let modest = work(move || {
        order.send("modest").unwrap();
        false
    });
    dispatcher.wake(&blocker);
    for _ in 0..10 {
        dispatcher.wake(&greedy);
        dispatcher.wake(&modest);
    }
    gate.send(()).unwrap();
    let got: Vec<_> = (0..4).map(|_| seen.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(got, ["greedy", "modest", "greedy", "greedy"]);
    dispatcher.stop(LONG).unwrap();
    assert!(seen.try_recv().is_err(), "ten wakes were one run");
}

#[test]
fn a_wake_during_the_run_brings_another_run() {
    let dispatcher = Dispatcher::start("test").unwrap();
    let (entered, enter) = bounded::<()>(0);
    let (leave, left) = bounded::<()>(0);
    let source = work(move || {
        entered.send(()).unwrap();
        left.recv().unwrap();
        false
    });
    dispatcher.wake(&source);
    enter.recv_timeout(LONG).unwrap();
    dispatcher.wake(&source);
    leave.send(()).unwrap();
    enter.recv_timeout(LONG).expect("the second run");
    leave.send(()).unwrap();
    dispatcher.stop(LONG).unwrap();
}

#[test]
fn a_panic_ends_one_run_and_nothing_else() {
    let dispatcher = Dispatcher::start("test").unwrap();
    let (tell, told) = bounded(1);
    dispatcher.wake(&work(|| panic!("a callback's own fault")));
    dispatcher.wake(&work(move || {
        tell.send(()).unwrap();
        false
    }));
    told.recv_timeout(LONG).unwrap();
    dispatcher.stop(LONG).unwrap();
}

#[test]
fn a_thread_that_runs_nothing_is_not_busy_however_short_the_wait() {
    Dispatcher::start("test").unwrap().stop(Duration::ZERO).unwrap();
}

#[test]
fn stop_is_bounded_idempotent_and_possible_inside() {
    let dispatcher = Dispatcher::start("test").unwrap();
    let (entered, enter) = bounded::<()>(0);
    let (leave, left) = bounded::<()>(0);
    let inner = dispatcher.clone();
    dispatcher.wake(&work(move || {
        assert!(inner.is_current());
        entered.send(()).unwrap();
        left.recv().unwrap();
        inner.stop(LONG).unwrap();
        false
    }));
    enter.recv_timeout(LONG).unwrap();
    assert!(!dispatcher.is_current());
    assert_eq!(dispatcher.stop(Duration::ZERO).unwrap_err().status, Status::BUSY);
    leave.send(()).unwrap();
    dispatcher.stop(LONG).unwrap();
    dispatcher.stop(LONG).unwrap();
    let never = work(|| unreachable!("after the stop"));
    dispatcher.wake(&never);
    assert_eq!(Arc::strong_count(&never), 1);
}

#[test]
fn replace_waits_for_the_running_callback_and_drops_it_first() {
    let drops = Arc::new(AtomicUsize::new(0));
    let slot = Arc::new(Slot::new());
    slot.replace(Some(CountDrop(drops.clone())), LONG).unwrap();
    let (entered, enter) = bounded::<()>(0);
    let (leave, left) = bounded::<()>(0);
    let runner = {
        let slot = slot.clone();
        thread::spawn(move || {
            slot.run(|_| {
                entered.send(()).unwrap();
                left.recv().unwrap();
            })
        })
    };
    enter.recv_timeout(LONG).unwrap();
    assert!(slot.is_set());
    assert_eq!(slot.replace(None, Duration::ZERO).unwrap_err().status, Status::BUSY);
    assert!(!slot.is_set());
    assert_eq!(drops.load(Ordering::SeqCst), 0, "it is running");
    let waiter = {
        let (slot, drops) = (slot.clone(), drops.clone());
        thread::spawn(move || {
            slot.replace(None, LONG).unwrap();
            drops.load(Ordering::SeqCst)
        })
    };
    leave.send(()).unwrap();
    assert_eq!(waiter.join().unwrap(), 1, "dropped before replace returned");
    assert!(runner.join().unwrap());
    assert!(!slot.run(|_| unreachable!("it was taken off")));
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}

#[test]
fn replace_inside_the_callback_does_not_wait() {
    let (old, new) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let slot = Slot::new();
    slot.replace(Some(CountDrop(old.clone())), LONG).unwrap();
    let ran = slot.run(|_| {
        assert!(!slot.run(|_| unreachable!("a callback does not nest")));
        slot.replace(Some(CountDrop(new.clone())), LONG).unwrap();
        assert_eq!(old.load(Ordering::SeqCst), 0, "it is still running");
    });
    assert!(ran);
    assert_eq!(old.load(Ordering::SeqCst), 1);
    assert!(slot.run(|now| assert!(Arc::ptr_eq(&now.0, &new))));
    drop(slot);
    assert_eq!(new.load(Ordering::SeqCst), 1);
}

#[test]
fn a_panic_in_a_callback_leaves_the_slot_usable() {
    let slot = Slot::new();
    slot.replace(Some(0), LONG).unwrap();
    assert!(slot.run(|_| panic!("a callback's own fault")));
    assert!(slot.run(|count| *count += 1));
    slot.replace(None, LONG).unwrap();
}

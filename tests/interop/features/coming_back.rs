//! Columns about who was lost, and comes back.

use super::*;

pub fn resume(scene: &mut Scene) -> Outcome {
    resumes((&mut scene.peer, THEIRS), (&mut scene.stoa, OURS), &scene.peer_way, |peer, stoa| {
        peer.ask(&["data", "reliable", "resumed", "still here"])?;
        stoa.event(&["data", peer.user, "resumed", "reliable"]).map(drop)
    })
}

pub fn stoa_resumes(scene: &mut Scene) -> Outcome {
    resumes((&mut scene.stoa, OURS), (&mut scene.peer, THEIRS), &scene.stoa_way, muted_by)
}

/// One's WebSocket is cut: it comes back, nobody saw it leave, and both hear on.
/// `exchange`: something that the other sees after all that came before.
fn resumes(
    (one, its_tone): (&mut Puppet, f64),
    (other, others_tone): (&mut Puppet, f64),
    way: &Proxy,
    exchange: impl Fn(&mut Puppet, &mut Puppet) -> Outcome,
) -> Outcome {
    one.ask(&["can", "resume"])?;
    one.forget();
    other.forget();
    way.cut();
    one.event(&["reconnected"])?;
    heard(other, one.user, its_tone)?;
    heard(one, other.user, others_tone)?;
    exchange(one, other)?;
    if other.saw(&["left", one.user]) { failed("the other one saw it leave") } else { Ok(()) }
}

/// A fault that the protocol has a field for, and LiveKit's server (1.13.5) no code.
const UNKNOWN_TO_LIVEKIT: &str = "leave-full-reconnect";

/// The peer joins anew by itself, in every way that it and the server can simulate: the session that it had is given up.
pub fn full_reconnect(scene: &mut Scene) -> Outcome {
    let is_stoa = scene.server.is_stoa;
    for scenario in scene.peer.ask(&["scenarios"])?.into_iter().filter(|s| is_stoa || s != UNKNOWN_TO_LIVEKIT) {
        joins_anew(scene, &scenario).map_err(|stop| stop.during(&scenario))?;
    }
    Ok(())
}

/// The server forgets the peer without a word. Its resume fails, so it joins anew.
pub fn node_failure(scene: &mut Scene) -> Outcome {
    joins_anew(scene, "node-failure")
}

fn joins_anew(scene: &mut Scene, scenario: &str) -> Outcome {
    scene.peer.forget();
    scene.peer.ask(&["simulate", scenario])?;
    scene.peer.event_within(LONG, &["reconnected"])?;
    heard_again(scene)
}

/// The server sends the peer away, as it does before it ends.
pub fn server_leave(scene: &mut Scene) -> Outcome {
    scene.peer.forget();
    scene.stoa.forget();
    scene.peer.ask(&["simulate", "server-leave"])?;
    scene.peer.event(&["closed"])?;
    scene.stoa.event(&["left", scene.peer.user])?;
    again(scene)
}

/// The server ends and is started again: both join anew by themselves, speak and are heard as before. Where there is a second node,
/// Stoa's ends for good and Stoa is led to the other; the peer has to come back too if the room was on the one that ended.
pub fn server_restart(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "resume"])?;
    scene.stoa.forget();
    scene.peer.forget();
    if scene.server.nodes.len() == 1 {
        scene.server.restart();
    } else {
        scene.server.end_first();
        scene.stoa_way.turn(scene.server.last());
    }
    scene.stoa.event_within(LONG, &["reconnected"])?;
    if scene.server.nodes.len() == 1 {
        scene.peer.event_within(LONG, &["reconnected"])?;
    }
    heard_again(scene)
}

/// Both hear each other, as soon as they know of each other: who came back may not have seen the other yet.
fn heard_again(scene: &mut Scene) -> Outcome {
    heard_in_time("hear", &mut scene.stoa, scene.peer.user, THEIRS)?;
    heard_in_time("hear", &mut scene.peer, scene.stoa.user, OURS)
}

fn heard_in_time(command: &str, listener: &mut Puppet, speaker: &str, hertz: f64) -> Outcome {
    let end = Instant::now() + LONG;
    while let Err(stop) = heard_by(command, listener, speaker, hertz) {
        if Instant::now() > end {
            return Err(stop);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

pub fn stoa_loses_nothing(scene: &mut Scene) -> Outcome {
    loses_nothing(scene, |scene| (&mut scene.stoa, &scene.stoa_way))
}

pub fn peer_loses_nothing(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "resume"])?;
    loses_nothing(scene, |scene| (&mut scene.peer, &scene.peer_way))
}

/// One's WebSocket is cut while both send packets with numbers, a third of them before the cut, a third before it knows of it or while it
/// comes back, and a third after that. Each packet arrives, once, and in order.
fn loses_nothing(scene: &mut Scene, one: fn(&mut Scene) -> (&mut Puppet, &Proxy)) -> Outcome {
    const THIRD: u32 = 20;
    let topic = topic_of(scene, "numbers");
    scene.stoa.forget();
    scene.peer.forget();
    for n in 0..3 * THIRD {
        if n == THIRD {
            one(scene).1.cut();
        } else if n == 2 * THIRD {
            one(scene).0.event_within(LONG, &["reconnected"])?;
        }
        both_ways(scene, |from, _| from.ask(&["data", "reliable", topic, &n.to_string()]).map(drop))?;
    }
    both_ways(scene, |from, to| {
        from.ask(&["data", "reliable", topic, "end"])?;
        let mut came = Vec::new();
        while came.last().is_none_or(|last| last != "end") {
            came.extend(to.event(&["data", from.user, topic])?.pop());
        }
        let sent = (0..3 * THIRD).map(|n| n.to_string()).chain(["end".to_owned()]);
        if sent.eq(came.iter().cloned()) {
            return Ok(());
        }
        failed(format!("{} has of {} {}", to.user, from.user, came.join(" ")))
    })
}

/// Stoa's application asks for a new connection.
pub fn reconnect_now(scene: &mut Scene) -> Outcome {
    scene.stoa.forget();
    scene.peer.forget();
    scene.stoa.ask(&["reconnect"])?;
    scene.stoa.event(&["reconnecting"])?;
    scene.stoa.event(&["reconnected"])?;
    heard_again(scene)?;
    nobody_left(scene)
}

/// For a while no media passes, while the WebSockets stay. Both hear each other again, and what was reliable arrives.
pub fn network_lost(scene: &mut Scene) -> Outcome {
    const AWAY: Duration = Duration::from_secs(8);
    let topic = topic_of(scene, "away");
    scene.stoa.forget();
    scene.peer.forget();
    let (begun, lost) = (Instant::now(), Loss::of_media(&scene.server)?);
    both_ways(scene, |from, _| {
        from.ask(&["data", "lossy", topic, "not to arrive"])?;
        from.ask(&["data", "reliable", topic, "to arrive"]).map(drop)
    })?;
    std::thread::sleep(AWAY.saturating_sub(begun.elapsed()));
    drop(lost);
    heard_again(scene)?;
    both_ways(scene, |from, to| {
        // The other one shows, by not being there, that nothing passed.
        let came = to.event(&["data", from.user, topic])?;
        if came.last().is_some_and(|text| text == "to arrive") {
            return Ok(());
        }
        failed(format!("{} has of {} {came:?}", to.user, from.user))
    })?;
    nobody_left(scene)
}

/// Nobody saw the other one leave. Stoa's mute tells the peer last.
fn nobody_left(scene: &mut Scene) -> Outcome {
    muted_by(&mut scene.stoa, &mut scene.peer)?;
    let (stoa, peer) = (&scene.stoa, &scene.peer);
    for (one, other) in [(stoa, peer), (peer, stoa)] {
        if one.saw(&["left", other.user]) {
            return failed(format!("{} saw {} leave", one.user, other.user));
        }
    }
    Ok(())
}

/// The server is started again while Stoa is muted and does not hear one of two. It comes back so: it hears the peer by the stream that it
/// had before, the other one not, and is muted still.
pub fn rejoin_as_before(scene: &mut Scene) -> Outcome {
    if scene.server.nodes.len() > 1 {
        return Err(Stop::None(limits::GONE.into()));
    }
    scene.peer.ask(&["can", "resume"])?;
    scene.stoa.forget();
    scene.peer.forget();
    let mut third = (scene.another)("thea");
    third.ask(&["join", &scene.stoa_way.url(), &token(third.user)])?;
    third.ask(&["speak", &OURS.to_string()])?;
    scene.stoa.event(&["joined", third.user])?;
    heard(&mut scene.stoa, third.user, OURS)?;
    scene.stoa.ask(&["subscribe", third.user, "0"])?;
    scene.stoa.ask(&["keep", scene.peer.user])?;
    scene.stoa.ask(&["mute", "1"])?;
    scene.peer.event(&["muted", scene.stoa.user, "1"])?;
    scene.server.restart();
    for puppet in [&mut scene.stoa, &mut scene.peer, &mut third] {
        puppet.event_within(LONG, &["reconnected"])?;
    }
    heard_in_time("hear-kept", &mut scene.stoa, scene.peer.user, THEIRS)?;
    // The third one's microphone is there again.
    heard_in_time("hear", &mut scene.peer, third.user, OURS)?;
    for (user, wanted) in [(scene.peer.user, "3"), (third.user, "1")] {
        let state = scene.stoa.ask(&["subscribed", user])?;
        if state != [wanted] {
            return failed(format!("the subscription to {user} is {state:?} afterwards, not {wanted}"));
        }
    }
    if scene.peer.saw(&["muted", scene.stoa.user, "0"]) {
        return failed("it came back without its mute");
    }
    scene.stoa.ask(&["mute", "0"])?;
    scene.peer.event(&["muted", scene.stoa.user, "0"])?;
    heard(&mut scene.peer, scene.stoa.user, OURS)?;
    third.ask(&["leave"])?;
    scene.stoa.event(&["left", third.user])?;
    scene.peer.event(&["left", third.user]).map(drop)
}

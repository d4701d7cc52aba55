//! The sections that others are heard on.

use super::*;

#[test]
fn sections_are_asked_for_when_they_are_missing() {
    let mut world = World::new();
    let listener = world.join("listener");
    let speakers = ["a", "b", "c"].map(|name| world.join(name));
    for speaker in speakers {
        world.publish(speaker);
    }
    world.run(200);
    let needs: Vec<u32> = world.clients[listener]
        .messages
        .iter()
        .filter_map(|m| if let Message::MediaSectionsRequirement(need) = m { Some(need.num_audios) } else { None })
        .collect();
    assert_eq!(needs[0], 0, "two sections are free at first: only offer again");
    for speaker in speakers {
        world.speak(speaker, 20);
    }
    assert_eq!(world.clients[listener].packets.len(), 3);
    assert_eq!(world.carried(listener).len(), 3);
}

#[test]
fn a_section_is_another_stream_for_another_track() {
    let mut world = World::new();
    let bob = world.join_as("bob", grant(), false);
    let speakers = ["ann", "cat", "dan"].map(|name| world.join(name));
    speakers.into_iter().for_each(|speaker| world.publish(speaker));
    let [ann, cat, dan] = speakers.map(|speaker| world.microphone(speaker));
    let mut streams = BTreeMap::new();
    for (old, new) in [(&cat, &ann), (&ann, &cat), (&cat, &dan), (&dan, &ann), (&ann, &cat)] {
        // Both at once, so that one answer may tell of both.
        for (track, subscribe) in [(old, false), (new, true)] {
            let update = UpdateSubscription { track_sids: vec![track.clone()], subscribe, ..Default::default() };
            world.ask(bob, signal_request::Message::Subscription(update));
        }
        world.run(100);
        assert!(world.carried(bob).values().eq([new]), "one is heard");
        let answers = world.clients[bob].messages.iter().rev();
        let answer =
            answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.sdp) } else { None }).next().unwrap();
        let bob = world.server.participants.values_mut().find(|p| p.identity() == "bob").unwrap();
        let carrying: Vec<_> = bob.main.sections.iter().filter_map(|s| Some((s.mid, s.track?))).collect();
        for (mid, track) in carrying {
            let ssrc = bob.main.ssrc(mid).expect("it is negotiated");
            assert!(
                answer.contains(&format!("a=ssrc:{} msid:", *ssrc)),
                "the answer tells of the stream {ssrc:?}: {answer}"
            );
            let first = *streams.entry(ssrc).or_insert(track);
            assert_eq!(first, track, "a stream is of one track");
        }
    }
    let answers = world.clients[bob].messages.iter();
    let answers: Vec<_> =
        answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.mid_to_track_id) } else { None }).collect();
    for pair in answers.windows(2) {
        let renamed = pair[0].iter().find(|(mid, track)| pair[1].get(*mid).is_some_and(|other| other != *track));
        assert_eq!(renamed, None, "{answers:?}");
    }
}

/// As Pion has it: asked for a section more to hear on, it takes that of its microphone.
#[test]
fn a_section_that_speaks_may_be_heard_on_too() {
    let mut world = World::new();
    let bob = world.join("bob");
    world.publish_on(bob, Direction::SendRecv);
    let speakers = ["ann", "cat", "dan"].map(|name| world.join(name));
    speakers.into_iter().for_each(|speaker| world.publish(speaker));
    let both_ways = world.clients[bob].microphone.clone().expect("published").0.to_string();
    let track = world.carried(bob).get(&both_ways).cloned().expect("two were heard elsewhere");
    let answers = world.clients[bob].messages.iter().rev();
    let answer = answers.filter_map(|m| if let Message::Answer(a) = m { Some(&a.sdp) } else { None }).next().unwrap();
    let sections = sdp::sections(answer);
    let section = sections.iter().find(|s| s.mid == both_ways).unwrap();
    assert_eq!(section.msid.1, track, "{answer}");
    speakers.into_iter().for_each(|speaker| world.speak(speaker, 20));
    assert_eq!(world.clients[bob].packets.len(), 3);
    world.speak(bob, 20);
    assert!(speakers.into_iter().all(|speaker| world.clients[speaker].packets.len() > 2));
}

use std::time::Duration;
use stoa::driver::{Channel, ChannelOptions, Engine, EngineOptions, FrameInfo, ReadOutcome};

const A_SECOND: Option<Duration> = Some(Duration::from_secs(1));

fn join(engine: &Engine, user: &str) -> stoa::Result<Channel> {
    let (name, user) = ("agora".into(), user.into());
    let channel = engine.create_channel(ChannelOptions { name, user, subscribe_all: true, ..Default::default() })?;
    channel.connect(Some(Duration::from_secs(5)))?;
    Ok(channel)
}

/// Ada hums for a second, Bob hears it.
fn main() -> stoa::Result<()> {
    let engine = Engine::new(EngineOptions { app_id: "example".into(), ..Default::default() })?; // no url: the room server inside
    let (ada, bob) = (join(&engine, "ada")?, join(&engine, "bob")?);
    let voice = bob.stream("ada")?;
    let hum: Vec<i16> = (0..24000).map(|i| if i / 60 % 2 == 0 { -3000 } else { 3000 }).collect();
    ada.push(&hum, None)?;
    let (mut pcm, mut frame) = ([0; 5760], FrameInfo::default());
    while let ReadOutcome::Frame(samples) = voice.read(&mut pcm, &mut frame, A_SECOND)?
        && frame.level < 90
    {
        println!("{samples} samples at -{} dB", frame.level);
    }
    engine.close(Duration::from_secs(2)) // and both channels
}

//! Columns about pictures.

use super::*;

/// The pictures that a client films: the plain one, and the largest and the smallest of the other's layers.
const PLAIN: [&str; 2] = ["320", "180"];
const LARGE: [&str; 2] = ["960", "540"];
const SMALL: [&str; 2] = ["320", "180"];

/// A second client like the peer has a camera, and the peer sees its picture change.
pub fn plain(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "film"])?;
    beside_another(scene, &["film", "plain"], |peer, user| sees(peer, user, PLAIN))
}

/// The same in layers: the peer sees the large one, the small one when it asks for it, and the large one again.
pub fn layers(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "choose layers"])?;
    beside_another(scene, &["film", "layers"], |peer, user| {
        sees(peer, user, LARGE)?;
        for (layer, size) in [("low", SMALL), ("high", LARGE)] {
            peer.ask(&["layer", user, layer])?;
            sees(peer, user, size).map_err(|stop| stop.during(layer))?;
        }
        Ok(())
    })
}

/// A picture of this size comes: at first there may be no room for it, and a layer begins with its next key frame.
fn sees(peer: &mut Puppet, user: &str, size: [&str; 2]) -> Outcome {
    let end = Instant::now() + LONG;
    loop {
        let seen = peer.ask(&["watch", user])?;
        if seen == size {
            return Ok(());
        }
        if Instant::now() > end {
            return failed(format!("a picture of {} is seen as {}", size.join(" × "), seen.join(" × ")));
        }
    }
}

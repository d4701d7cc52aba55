//! The column about data tracks.

use super::*;

/// A second client like the peer pushes a frame over and over, which takes several packets and has a time. The peer gets it whole.
pub fn data_track(scene: &mut Scene) -> Outcome {
    scene.peer.ask(&["can", "push frames"])?;
    let hex: String = (0..5_000u32).map(|n| format!("{:02x}", n as u8)).collect();
    beside_another(scene, &["push", &hex, "7"], |peer, user| {
        let came = peer.ask(&["pull", user])?;
        if came == [hex.as_str(), "7"] || came == ["whole"] {
            return Ok(());
        }
        let shown: String = came.join(" ").chars().take(60).collect();
        failed(format!("{} pulls another frame: {shown}", peer.user))
    })
}

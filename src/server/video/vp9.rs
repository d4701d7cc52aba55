//! VP9's payload descriptor (RFC 9628), as far as it says which spatial layer a packet is of.

/// Where a packet stands in its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The spatial layer, 0 to 7.
    pub spatial: u8,
    /// The temporal layer, 0 to 7.
    pub temporal: u8,
    /// A higher frame rate may begin after this picture.
    pub up: bool,
    /// The picture needs none before it.
    pub intra: bool,
    /// The first packet of its layer's frame.
    pub begins: bool,
    /// The last one.
    pub ends: bool,
}

impl Place {
    /// A key picture begins here.
    pub fn key(&self) -> bool {
        self.intra && self.begins && self.spatial == 0
    }
}

/// Reads a descriptor. None: it is cut short, or says nothing that could be played.
pub fn parse(payload: &[u8]) -> Option<Place> {
    let first = *payload.first()?;
    let bit = |mask: u8| first & mask != 0;
    let (picture_id, inter, layers, flexible) = (bit(0x80), bit(0x40), bit(0x20), bit(0x10));
    let mut at = 1;
    if picture_id {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let (mut spatial, mut temporal, mut up) = (0, 0, false);
    if layers {
        let layer = payload.get(at)?;
        (spatial, temporal, up) = (layer >> 1 & 7, layer >> 5, layer & 0x10 != 0);
        // TL0PICIDX is there unless references are explicit.
        at += if flexible { 1 } else { 2 };
    }
    // Something must follow, be it references or the frame.
    payload.get(at)?;
    Some(Place { spatial, temporal, up, intra: !inter, begins: bit(0x08), ends: bit(0x04) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        // I, L, B; picture of 15 bits; layer 1; TL0PICIDX; the frame.
        let place = parse(&[0xa8, 0x81, 0x02, 2 << 5 | 0x10 | 1 << 1, 9, 0]).unwrap();
        assert_eq!(place, Place { spatial: 1, temporal: 2, up: true, intra: true, begins: true, ends: false });
        assert!(!place.key());
        assert!(parse(&[0x88, 0x05, 0]).unwrap().key(), "one layer, a picture of 7 bits");
        assert!(!parse(&[0xc8, 0x05, 0]).unwrap().key(), "it needs a picture before it");
        let end = parse(&[0xb4, 0x05, 2 << 1, 0]).unwrap();
        assert_eq!((end.spatial, end.ends), (2, true), "flexible: no TL0PICIDX");
        for cut in [&[][..], &[0x80], &[0xa8, 0x81, 0x02], &[0xa8, 0x81, 0x02, 2, 9]] {
            assert_eq!(parse(cut), None);
        }
    }
}

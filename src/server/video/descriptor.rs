//! The dependency descriptor (AV1's RTP specification, appendix A): which layer a frame is of, which decode targets need
//! it, and from where on they can be decoded. Bytes come from strangers: everything is looked up, nothing is trusted.

/// As many decode targets, and chains, as the format has room for.
const MOST: usize = 32;
/// As many templates.
const TEMPLATES: usize = 64;

/// What a frame is to a decode target.
const NOT_PRESENT: u8 = 0;
const SWITCH: u8 = 2;

/// What a frame says about itself, or what many frames have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Template {
    spatial: u8,
    temporal: u8,
    /// What it is to each decode target.
    indications: [u8; MOST],
    /// How many frames ago each chain's last frame was; 0: the chain begins here.
    chains: [u8; MOST],
}

/// What a sender announces with a key frame: it holds until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    offset: u8,
    templates: Vec<Template>,
    /// Each decode target's layers, spatial and temporal, and its chain.
    targets: Vec<Target>,
    chains: usize,
}

/// A selection of layers that can be decoded by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub spatial: u8,
    pub temporal: u8,
    chain: Option<u8>,
}

/// One packet's descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub number: u16,
    /// The last packet of the frame.
    pub ends: bool,
    /// It announces a structure.
    pub key: bool,
    template: Template,
}

impl Frame {
    pub fn spatial(&self) -> u8 {
        self.template.spatial
    }

    pub fn temporal(&self) -> u8 {
        self.template.temporal
    }

    /// Whether a decode target needs it.
    pub fn is_of(&self, target: u8) -> bool {
        self.template.indications.get(usize::from(target)).is_some_and(|i| *i != NOT_PRESENT)
    }

    /// Whether a decode target may be chosen here, where its chain is unbroken.
    pub fn switches(&self, target: u8) -> bool {
        self.template.indications.get(usize::from(target)) == Some(&SWITCH) || (self.key && self.is_of(target))
    }

    /// The frame before this one in the chain that protects a target. None: nothing is known of it.
    pub fn before(&self, target: &Target) -> Option<Before> {
        // Without chains nothing is known but that a key frame needs nothing.
        let ago = match target.chain {
            Some(chain) => *self.template.chains.get(usize::from(chain))?,
            None if self.key => 0,
            None => return None,
        };
        Some(if ago == 0 { Before::Nothing } else { Before::Frame(self.number.wrapping_sub(u16::from(ago))) })
    }
}

/// What a chain has before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// It begins here.
    Nothing,
    /// The frame of this number.
    Frame(u16),
}

/// Reads one stream's descriptors: most refer to the structure that came with the last key frame.
#[derive(Debug, Default)]
pub struct Reader {
    structure: Option<Box<Structure>>,
    /// The extended sequence number that brought it.
    since: u64,
    /// Which targets the sender produces at present, a bit for each, and since when.
    active: u32,
    active_since: u64,
}

impl Reader {
    /// Reads the descriptor of the packet of this sequence number. None: it is cut short, or refers to what is not known.
    pub fn read(&mut self, bytes: &[u8], sequence: u64) -> Option<Frame> {
        let mut bits = Bits { bytes, at: 0 };
        let (_begins, ends) = (bits.flag()?, bits.flag()?);
        let (id, number) = (bits.take(6)? as u8, bits.take(16)? as u16);
        let extended = bytes.len() > 3;
        let flags = if extended { bits.take(5)? } else { 0 };
        let [key, activates, indications, frames, chains] = [16, 8, 4, 2, 1].map(|bit| flags & bit != 0);
        let announced = if key { Some(Box::new(structure(&mut bits)?)) } else { None };
        let structure = announced.as_ref().or(self.structure.as_ref())?;
        let all = u32::MAX >> (MOST - structure.targets.len());
        let active = if activates { Some(bits.take(structure.targets.len())?) } else { key.then_some(all) };
        let index = (id + TEMPLATES as u8 - structure.offset) % TEMPLATES as u8;
        let mut template = *structure.templates.get(usize::from(index))?;
        if indications {
            for target in 0..structure.targets.len() {
                template.indications[target] = bits.take(2)? as u8;
            }
        }
        if frames {
            loop {
                match bits.take(2)? {
                    0 => break,
                    size => bits.take(4 * size as usize)?,
                };
            }
        }
        if chains {
            for chain in 0..structure.chains {
                template.chains[chain] = bits.take(8)? as u8;
            }
        }
        // What comes late takes nothing back.
        if let Some(active) = active.filter(|_| sequence >= self.active_since) {
            (self.active, self.active_since) = (active, sequence);
        }
        if let Some(announced) = announced.filter(|_| sequence >= self.since) {
            (self.structure, self.since) = (Some(announced), sequence);
        }
        Some(Frame { number, ends, key, template })
    }

    /// The decode targets that the sender produces at present, with their numbers.
    pub fn targets(&self) -> impl Iterator<Item = (u8, &Target)> {
        let targets = self.structure.iter().flat_map(|s| s.targets.iter());
        let active = self.active;
        (0..).zip(targets).filter(move |(n, _)| active & 1 << n != 0)
    }

    /// The decode target of this number, be it produced or not.
    pub fn target(&self, number: u8) -> Option<&Target> {
        self.structure.as_ref()?.targets.get(usize::from(number))
    }
}

fn structure(bits: &mut Bits) -> Option<Structure> {
    let offset = bits.take(6)? as u8;
    let count = bits.take(5)? as usize + 1;
    let mut templates = Vec::new();
    let (mut spatial, mut temporal) = (0u8, 0u8);
    loop {
        if templates.len() == TEMPLATES {
            return None;
        }
        templates.push(Template { spatial, temporal, ..Template::default() });
        match bits.take(2)? {
            0 => {}
            1 => temporal += 1,
            2 => (spatial, temporal) = (spatial + 1, 0),
            _ => break,
        }
    }
    for template in &mut templates {
        for indication in &mut template.indications[..count] {
            *indication = bits.take(2)? as u8;
        }
    }
    // Which frames each one needs: chains say what matters of it here.
    for _ in &templates {
        while bits.flag()? {
            bits.take(4)?;
        }
    }
    let chains = bits.below(count as u32 + 1)? as usize;
    let mut protected = vec![None; count];
    if chains > 0 {
        for chain in &mut protected {
            *chain = Some(bits.below(chains as u32)? as u8);
        }
        for template in &mut templates {
            for ago in &mut template.chains[..chains] {
                *ago = bits.take(4)? as u8;
            }
        }
    }
    if bits.flag()? {
        // A picture's size for each spatial layer.
        for _ in 0..=spatial {
            bits.take(32)?;
        }
    }
    let of = |target: usize| templates.iter().filter(move |t| t.indications[target] != NOT_PRESENT);
    let targets = protected.iter().enumerate().map(|(n, chain)| Target {
        spatial: of(n).map(|t| t.spatial).max().unwrap_or(0),
        temporal: of(n).map(|t| t.temporal).max().unwrap_or(0),
        chain: *chain,
    });
    let targets = targets.collect();
    Some(Structure { offset, templates, targets, chains })
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// The next `count` bits, 32 at most.
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for at in self.at..self.at + count {
            let byte = *self.bytes.get(at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - at % 8) & 1);
        }
        self.at += count;
        Some(value)
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.take(1)? == 1)
    }

    /// A number below `limit`, in as few bits as that needs (`ns(n)` of the specification).
    fn below(&mut self, limit: u32) -> Option<u32> {
        let width = 32 - limit.leading_zeros();
        let short = (1 << width) - limit;
        let value = self.take(width as usize - 1)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.take(1)?)
    }
}

/// Descriptors as a sender writes them, for tests.
#[cfg(test)]
pub mod tests {
    use super::*;

    /// A template: spatial and temporal layer, what it is to each target, how long ago each chain was.
    type Row = (u8, u8, &'static str, &'static [u32]);

    /// Two spatial layers of two temporal ones, tied at key frames only (L2T2_KEY), as libwebrtc describes them.
    pub const L2T2_KEY: [Row; 6] = [
        (0, 0, "SSSS", &[0, 0]),
        (0, 0, "SS--", &[4, 3]),
        (0, 1, "-D--", &[2, 1]),
        (1, 0, "--SS", &[1, 1]),
        (1, 0, "--SS", &[1, 4]),
        (1, 1, "---D", &[3, 2]),
    ];
    /// Which chain protects which of its targets.
    const PROTECTED: [u32; 4] = [0, 0, 1, 1];
    /// Where the numbers of templates begin.
    const OFFSET: u32 = 60;

    #[derive(Default)]
    pub struct Writer(Vec<bool>);

    impl Writer {
        fn put(&mut self, count: u32, value: u32) -> &mut Writer {
            self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
            self
        }

        fn bytes(&self) -> Vec<u8> {
            self.0.chunks(8).map(|bits| (0..8).fold(0, |b, n| b << 1 | u8::from(bits.get(n) == Some(&true)))).collect()
        }
    }

    /// The descriptor of a frame that is one packet. `extended`: what follows the mandatory fields.
    fn descriptor(template: u32, number: u16, extended: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.put(2, 3).put(6, (OFFSET + template) % 64).put(16, number.into());
        extended(&mut writer);
        writer.bytes()
    }

    pub fn frame(template: u32, number: u16) -> Vec<u8> {
        descriptor(template, number, |_| {})
    }

    /// A frame that says which targets there are from now on.
    pub fn activating(template: u32, number: u16, active: u32) -> Vec<u8> {
        descriptor(template, number, |writer| {
            writer.put(5, 0b01000).put(4, active);
        })
    }

    /// A key frame, which brings the structure.
    pub fn key(number: u16) -> Vec<u8> {
        descriptor(0, number, |writer| {
            writer.put(5, 0b10000).put(6, OFFSET).put(5, 3);
            for (n, row) in L2T2_KEY.iter().enumerate() {
                let step = match L2T2_KEY.get(n + 1) {
                    None => 3,
                    Some(next) if next.0 > row.0 => 2,
                    Some(next) => u32::from(next.1 - row.1),
                };
                writer.put(2, step);
            }
            for mark in L2T2_KEY.iter().flat_map(|row| row.2.chars()) {
                writer.put(2, "-DSR".find(mark).unwrap() as u32);
            }
            // One frame is needed by each, none by the key frame.
            writer.put(1, 0);
            (1..L2T2_KEY.len()).for_each(|_| {
                writer.put(1, 1).put(4, 3).put(1, 0);
            });
            // Two chains, of 0 to 4: three bits for 3 and more. Below two: one bit.
            writer.put(2, 2);
            for chain in PROTECTED {
                writer.put(1, chain);
            }
            for ago in L2T2_KEY.iter().flat_map(|row| row.3) {
                writer.put(4, *ago);
            }
            writer.put(1, 1);
            for size in [319, 179, 639, 359] {
                writer.put(16, size);
            }
        })
    }

    #[test]
    fn frames_are_read_by_the_structure_that_came_last() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(&frame(1, 7), 1), None, "no structure");
        let read = reader.read(&key(9), 2).unwrap();
        assert_eq!((read.number, read.key, read.ends, read.spatial()), (9, true, true, 0));
        let targets: Vec<_> = reader.targets().map(|(n, t)| (n, t.spatial, t.temporal, t.chain)).collect();
        let all = [(0, 0, 0, Some(0)), (1, 0, 1, Some(0)), (2, 1, 0, Some(1)), (3, 1, 1, Some(1))];
        assert_eq!(targets, all);
        for (n, row) in L2T2_KEY.iter().enumerate() {
            let read = reader.read(&frame(n as u32, 300), 3).unwrap();
            assert_eq!((read.spatial(), read.key), (row.0, false));
            for (number, target) in reader.targets() {
                let mark = row.2.as_bytes()[usize::from(number)];
                assert_eq!(read.is_of(number), mark != b'-');
                assert_eq!(read.switches(number), mark == b'S');
                let ago = row.3[usize::from(target.chain.unwrap())] as u16;
                let before = if ago == 0 { Before::Nothing } else { Before::Frame(300 - ago) };
                assert_eq!(read.before(target), Some(before));
            }
        }
        assert_eq!(reader.read(&frame(6, 10), 3), None, "no such template");
        // Which targets there are; what comes late changes nothing.
        assert!(reader.read(&activating(1, 13, 0b0011), 6).is_some());
        assert_eq!(reader.targets().map(|(n, _)| n).collect::<Vec<_>>(), [0, 1]);
        assert!(reader.read(&activating(1, 12, 0b1111), 5).is_some());
        assert_eq!(reader.targets().count(), 2);
        reader.read(&key(14), 7).unwrap();
        assert_eq!(reader.targets().count(), 4);
        // A frame that differs from its template.
        let custom = descriptor(1, 15, |writer| {
            writer.put(5, 0b00111).put(8, 0b00_01_10_11).put(2, 2).put(8, 200).put(2, 0).put(8, 77).put(8, 0);
        });
        let read = reader.read(&custom, 8).unwrap();
        assert_eq!([0, 1, 2, 3].map(|target| read.is_of(target)), [false, true, true, true]);
        assert_eq!([0, 1, 2, 3].map(|target| read.switches(target)), [false, false, true, false]);
        let before = [0, 2].map(|number| read.before(reader.target(number).unwrap()));
        assert_eq!(before, [Some(Before::Frame(15u16.wrapping_sub(77))), Some(Before::Nothing)]);
    }

    #[test]
    fn hostile_descriptors_never_panic() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut choice = crate::server::video::targets::Choice::default();
        let mut reader = Reader::default();
        let (mut whole, mut taken) = (0, 0);
        for round in 0..200_000 {
            let mut bytes = match round % 3 {
                0 => key(round as u16),
                1 => activating(1, round as u16, random() as u32 & 15),
                _ => frame(random() as u32 % 6, round as u16),
            };
            for _ in 0..random() % 4 {
                let at = random() as usize % bytes.len();
                bytes[at] = random() as u8;
            }
            if random() % 4 == 0 {
                bytes.truncate(random() as usize % (bytes.len() + 1));
            }
            if let Some(frame) = reader.read(&bytes, round) {
                whole += 1;
                let wanted =
                    crate::server::video::targets::Wanted { spatial: random() as u8 % 3, temporal: random() as u8 % 3 };
                taken += usize::from(choice.takes(&frame, &reader, wanted));
                choice.top(&reader);
            }
        }
        assert!(whole > 50_000 && taken > 10_000, "{whole} could be read, {taken} were taken");
    }
}

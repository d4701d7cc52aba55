//! The dependency descriptor (AV1's RTP specification, appendix A): which layer a frame is of, which decode targets need
//! it, and from where on they can be decoded. Bytes come from strangers: everything is looked up, nothing is trusted.

#[cfg(test)]
pub mod tests;

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

//! Identifiers and their randomness, which comes in as a seed.

/// A small generator (SplitMix64): good for names, not for secrets. Knowing a sid opens nothing; tokens do.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A numeric identity for a user who has none.
    pub fn uid(&mut self) -> u32 {
        (self.next() as u32).max(1)
    }

    /// A sid as LiveKit's: the prefix and twelve characters.
    pub fn sid(&mut self, prefix: &str) -> String {
        const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut sid = String::with_capacity(prefix.len() + 12);
        sid.push_str(prefix);
        (0..12).for_each(|_| sid.push(ALPHABET[(self.next() % ALPHABET.len() as u64) as usize] as char));
        sid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sids_repeat_by_seed_and_differ_within() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        let first = a.sid("PA_");
        assert_eq!(first, b.sid("PA_"));
        assert_eq!(first.len(), 15);
        assert_ne!(a.sid("PA_"), first);
    }
}

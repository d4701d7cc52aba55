//! Sealing and opening RTP packets of a peer connection beside str0m, with the keys of its own DTLS handshake.
//!
//! str0m goes over the whole connection (ICE, DTLS, SCTP, each section) for each packet that is written to it or comes in. A room
//! server cannot afford that, so it seals and opens most of them here. Sequence numbers decide over SRTP's nonces: whoever seals
//! beside str0m must not use one that str0m was given too, and whoever opens must not take one twice.
//!
//! RFC 3711 (key derivation), RFC 5764 (keys from DTLS), RFC 7714 (AES-GCM).

use str0m::crypto::dtls::SrtpProfile;
use str0m::crypto::{AeadAes128Gcm, AeadAes128GcmCipher, AeadAes256GcmCipher, SrtpProvider};

/// What the cipher adds to a packet, bytes; the same for both.
const TAG: usize = AeadAes128Gcm::TAG_LEN;
const SALT: usize = AeadAes128Gcm::SALT_LEN;
/// The key derivation's labels for RTP.
const LABEL_KEY: u8 = 0;
const LABEL_SALT: u8 = 2;

/// Seals RTP packets that leave.
#[derive(Debug)]
pub struct Sealer(Keys);

/// Opens RTP packets that came.
#[derive(Debug)]
pub struct Opener(Keys);

/// Those of one direction.
#[derive(Debug)]
struct Keys {
    cipher: Cipher,
    salt: [u8; SALT],
}

#[derive(Debug)]
enum Cipher {
    Aes128(Box<dyn AeadAes128GcmCipher>),
    Aes256(Box<dyn AeadAes256GcmCipher>),
}

/// From what the handshake exported: both sides' keys, then both sides' salts, the DTLS client's first. `client`: this side was that.
/// None for a profile that only str0m speaks here (AES-CM with SHA-1, which who has it may go on using).
pub fn keys(srtp: &dyn SrtpProvider, profile: SrtpProfile, exported: &[u8], client: bool) -> Option<(Sealer, Opener)> {
    let out = Keys::new(srtp, profile, exported, client, true)?;
    let into = Keys::new(srtp, profile, exported, !client, false)?;
    Some((Sealer(out), Opener(into)))
}

impl Keys {
    fn new(srtp: &dyn SrtpProvider, profile: SrtpProfile, exported: &[u8], client: bool, seal: bool) -> Option<Keys> {
        Some(match profile {
            SrtpProfile::AEAD_AES_128_GCM => {
                let (key, salt) = derive::<16>(exported, client, |k, i, o| srtp.srtp_aes_128_ecb_round(k, i, o))?;
                Keys { cipher: Cipher::Aes128(srtp.aead_aes_128_gcm().create_cipher(key, seal)), salt }
            }
            SrtpProfile::AEAD_AES_256_GCM => {
                let (key, salt) = derive::<32>(exported, client, |k, i, o| srtp.srtp_aes_256_ecb_round(k, i, o))?;
                Keys { cipher: Cipher::Aes256(srtp.aead_aes_256_gcm().create_cipher(key, seal)), salt }
            }
            _ => return None,
        })
    }

    fn iv(&self, ssrc: u32, sequence: u64) -> [u8; SALT] {
        AeadAes128Gcm::rtp_iv(self.salt, ssrc, (sequence >> 16) as u32, sequence as u16)
    }
}

impl Sealer {
    /// The packet as it is to be sent. `header` is the whole RTP header, of this SSRC and of the low 16 bits of `sequence`, which
    /// counts on through the roll-overs and is used once only. None: the cipher failed.
    pub fn seal(&mut self, header: &[u8], ssrc: u32, sequence: u64, payload: &[u8]) -> Option<Vec<u8>> {
        let iv = self.0.iv(ssrc, sequence);
        let mut packet = vec![0; header.len() + payload.len() + TAG];
        let (head, body) = packet.split_at_mut(header.len());
        head.copy_from_slice(header);
        let sealed = match &mut self.0.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt(&iv, header, payload, body),
            Cipher::Aes256(cipher) => cipher.encrypt(&iv, header, payload, body),
        };
        sealed.ok().map(|()| packet)
    }
}

impl Opener {
    /// What was sealed behind the whole RTP header, which is of this SSRC and of the low 16 bits of `sequence`. It goes into `room`.
    /// None: it is not what the other side sent under this number, or there is not that much room.
    pub fn open<'a>(
        &mut self,
        header: &[u8],
        ssrc: u32,
        sequence: u64,
        sealed: &[u8],
        room: &'a mut [u8],
    ) -> Option<&'a [u8]> {
        let payload = room.get_mut(..sealed.len().checked_sub(TAG)?)?;
        let iv = self.0.iv(ssrc, sequence);
        let opened = match &mut self.0.cipher {
            Cipher::Aes128(cipher) => cipher.decrypt(&iv, &[header], sealed, payload),
            Cipher::Aes256(cipher) => cipher.decrypt(&iv, &[header], sealed, payload),
        };
        opened.ok().map(|_| &*payload)
    }
}

/// Key and salt for RTP (RFC 3711, section 4.3) of one side.
fn derive<const KEY: usize>(
    exported: &[u8],
    client: bool,
    aes: impl Fn(&[u8], &[u8], &mut [u8]),
) -> Option<([u8; KEY], [u8; SALT])> {
    let at = |length: usize| if client { 0 } else { length };
    let master = exported.get(at(KEY)..)?.get(..KEY)?;
    let master_salt = exported.get(2 * KEY + at(SALT)..)?.get(..SALT)?;
    let stream = |label: u8, out: &mut [u8]| {
        for (counter, out) in (0u8..).zip(out.chunks_mut(16)) {
            let (mut input, mut block) = ([0; 16], [0; 32]);
            input[..SALT].copy_from_slice(master_salt);
            input[7] ^= label;
            input[15] = counter;
            aes(master, &input, &mut block);
            out.copy_from_slice(&block[..out.len()]);
        }
    };
    let (mut key, mut salt) = ([0; KEY], [0; SALT]);
    stream(LABEL_KEY, &mut key);
    stream(LABEL_SALT, &mut salt);
    Some((key, salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter_map(|b| char::from(b).to_digit(16).map(|d| d as u8)).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn srtp() -> &'static dyn SrtpProvider {
        str0m::crypto::from_feature_flags().srtp_provider
    }

    /// RFC 3711, B.3; its salt has 14 bytes, of which the last two are zero for a salt of 12, so they are left out on both sides.
    #[test]
    fn keys_are_derived_as_the_rfc_has_it() {
        let master = bytes("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = bytes("0EC675AD498AFEEBB6960B3A");
        let other = [0x55; 16];
        let aes = |k: &[u8], i: &[u8], o: &mut [u8]| {
            // The RFC's own two bytes more.
            let mut input = i.to_vec();
            input[12..14].copy_from_slice(&[0xAB, 0xE6]);
            srtp().srtp_aes_128_ecb_round(k, &input, o);
        };
        for client in [true, false] {
            let (first, second) = if client { (&master[..], &other[..]) } else { (&other[..], &master[..]) };
            let (first_salt, second_salt) = if client { (&salt[..], &other[..12]) } else { (&other[..12], &salt[..]) };
            let exported = [first, second, first_salt, second_salt].concat();
            let (key, derived) = derive::<16>(&exported, client, aes).expect("enough bytes");
            assert_eq!(key.to_vec(), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
            assert_eq!(derived.to_vec(), bytes("30CBBC08863D8C85D49DB34A"));
            assert!(derive::<16>(&exported[..exported.len() - 13], client, aes).is_none(), "too few bytes");
        }
        assert!(super::keys(srtp(), SrtpProfile::AES128_CM_SHA1_80, &[0; 60], true).is_none(), "that is str0m's");
    }

    /// RFC 7714, 16.1.1 and 16.2.1.
    #[test]
    fn packets_are_sealed_as_the_rfc_has_it() {
        let header = bytes("8040f17b 8041f8d3 5501a0b2");
        let payload = bytes("47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070 61727465 73207472 6573");
        let salt = bytes("51756964 2070726f 2071756f").try_into().expect("12 bytes");
        let key: Vec<u8> = (0..32).collect();
        let short = srtp().aead_aes_128_gcm().create_cipher(key[..16].try_into().expect("16 bytes"), true);
        let long = srtp().aead_aes_256_gcm().create_cipher(key[..].try_into().expect("32 bytes"), true);
        let sealed =
            |cipher| Sealer(Keys { cipher, salt }).seal(&header, 0x5501_a0b2, 0xf17b, &payload).expect("sealed");
        assert_eq!(
            sealed(Cipher::Aes128(short)),
            bytes(
                "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
                 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce"
            )
        );
        assert_eq!(
            sealed(Cipher::Aes256(long)),
            bytes(
                "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
                 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13"
            )
        );
    }

    /// Both sides of one handshake.
    #[test]
    fn what_one_side_seals_the_other_opens_and_nobody_else() {
        let exported: Vec<u8> = (0..2 * (32 + 12)).collect();
        for profile in [SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AEAD_AES_256_GCM] {
            let side = |client| super::keys(srtp(), profile, &exported, client).expect("enough bytes");
            let ((mut sealer, mut own), (_, mut opener)) = (side(true), side(false));
            let (header, number) = ([0x80, 111, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2], 0x5_0007);
            let packet = sealer.seal(&header, 2, number, b"voice").expect("sealed");
            let (head, sealed) = packet.split_at(12);
            let mut room = [0; 100];
            let opened = |opener: &mut Opener, head: &[u8], number, sealed: &[u8], room: usize| {
                opener.open(head, 2, number, sealed, &mut [0; 100][..room]).map(<[u8]>::to_vec)
            };
            assert_eq!(opener.open(head, 2, number, sealed, &mut room), Some(&b"voice"[..]));
            assert_eq!(opened(&mut own, head, number, sealed, 100), None, "one's own");
            assert_eq!(opened(&mut opener, head, number + (1 << 16), sealed, 100), None, "after another roll-over");
            assert_eq!(opened(&mut opener, &[0x90; 12], number, sealed, 100), None, "with another header");
            assert_eq!(opened(&mut opener, head, number, &sealed[1..], 100), None, "cut");
            assert_eq!(opened(&mut opener, head, number, &sealed[..TAG - 1], 100), None, "shorter than its tag");
            assert_eq!(opened(&mut opener, head, number, sealed, 4), None, "longer than the room");
            assert_eq!(opened(&mut opener, head, number, sealed, 5).as_deref(), Some(&b"voice"[..]));
        }
    }
}

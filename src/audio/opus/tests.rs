//! Sound there and back, FEC, and arguments and packets that are wrong.

use super::*;

fn sine(samples: usize, rate: f32) -> Vec<i16> {
    (0..samples).map(|i| ((i as f32 * 440.0 * core::f32::consts::TAU / rate).sin() * 9000.0) as i16).collect()
}

#[test]
fn a_frame_survives_encoding_and_decoding_at_every_rate() {
    for rate in [8000u32, 12000, 16000, 24000, 48000] {
        let mut encoder = Encoder::new(rate, 1, &EncoderConfig::new(1)).unwrap();
        let mut decoder = Decoder::new(rate, 1).unwrap();
        let frame = rate as usize / 50;
        let pcm = sine(frame * 10, rate as f32);
        let mut packet = [0; 1500];
        let mut energy = 0i64;
        for chunk in pcm.chunks(frame) {
            let len = encoder.encode(chunk, &mut packet).unwrap();
            assert_eq!(packet_samples(&packet[..len], rate).unwrap(), frame);
            let mut out = vec![0; frame];
            assert_eq!(decoder.decode(&packet[..len], &mut out).unwrap(), frame);
            energy = out.iter().map(|&s| i64::from(s) * i64::from(s)).sum();
        }
        let rms = ((energy / frame as i64) as f64).sqrt();
        assert!((4000.0..9000.0).contains(&rms), "{rate}: rms {rms}");
        let ms = encoder.lookahead() as f32 * 1000.0 / rate as f32;
        assert!((2.0..7.0).contains(&ms), "look-ahead {ms} ms");
    }
}

#[test]
fn packets_carry_fec_when_loss_is_expected() {
    let mut with = Encoder::new(48000, 1, &EncoderConfig::new(1)).unwrap();
    let config = EncoderConfig { fec: false, ..EncoderConfig::new(1) };
    let mut without = Encoder::new(48000, 1, &config).unwrap();
    let pcm = sine(960 * 10, 48000.0);
    let mut packet = [0; 1500];
    let mut count = [0, 0];
    for chunk in pcm.chunks(960) {
        let len = with.encode(chunk, &mut packet).unwrap();
        count[0] += usize::from(packet_has_fec(&packet[..len]));
        let len = without.encode(chunk, &mut packet).unwrap();
        count[1] += usize::from(packet_has_fec(&packet[..len]));
    }
    assert!(count[0] >= 8, "{count:?}");
    assert_eq!(count[1], 0);
}

#[test]
fn odd_arguments_are_errors() {
    let config = EncoderConfig::new(1);
    assert!(Encoder::new(44100, 1, &config).is_err());
    assert!(Encoder::new(48000, 3, &config).is_err());
    assert!(Decoder::new(48000, 0).is_err());
    let mut encoder = Encoder::new(48000, 2, &config).unwrap();
    assert!(encoder.encode(&[0; 961], &mut [0; 1500]).is_err());
    assert!(encoder.encode(&[0; 100], &mut [0; 1500]).is_err());
    assert!(encoder.encode(&[0; 1920], &mut []).is_err());
    assert!(encoder.set_expected_loss(101).is_err());
    let mut decoder = Decoder::new(48000, 1).unwrap();
    assert!(decoder.decode(&[], &mut [0; 960]).is_err());
    assert!(decoder.decode_fec(&[], &mut [0; 960]).is_err());
    assert!(decoder.conceal(&mut [0; 7]).is_err());
}

#[test]
fn hostile_packets_are_errors_or_sound_and_never_worse() {
    let mut decoder = Decoder::new(48000, 2).unwrap();
    decoder.set_complexity(5).unwrap();
    let mut out = vec![0; 5760 * 2];
    let mut x = 0x9E37_79B9_7F4A_7C15u64;
    for round in 0..4000usize {
        let mut packet = vec![0u8; round % 97];
        for byte in &mut packet {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            *byte = x as u8;
        }
        packet_has_fec(&packet);
        let declared = packet_samples(&packet, 48000);
        if let Ok(samples) = decoder.decode(&packet, &mut out) {
            assert_eq!(declared, Ok(samples));
        }
        let _ = decoder.decode_fec(&packet, &mut out[..1920]);
    }
}

#[test]
fn states_may_move_between_threads() {
    fn send<T: Send>() {}
    send::<Encoder>();
    send::<Decoder>();
}

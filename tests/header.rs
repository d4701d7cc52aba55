//! The header is the contract: committed as it is generated, clean in C and C++, and the same as what Rust compiled.

mod common;

use common::{functions, header};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fresh directory for one test.
fn scratch(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header").join(test);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Compiles a source against `include/`, warnings being errors.
fn compiles(compiler: &str, flags: &[&str], file: &Path) {
    let output = Command::new(compiler)
        .args(flags)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "-o"])
        .arg(file.with_extension("o"))
        .arg("-I")
        .arg(root().join("include"))
        .arg(file)
        .output()
        .unwrap_or_else(|error| panic!("{compiler} is needed: {error}"));
    assert!(output.status.success(), "{compiler} {flags:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}

fn compiles_in_c_and_cpp(test: &str, source: &str) {
    let file = scratch(test).join("source.c");
    fs::write(&file, source).unwrap();
    compiles("cc", &["-std=c99"], &file);
    compiles("c++", &["-std=c++17", "-x", "c++"], &file);
}

#[test]
fn the_committed_header_is_the_fresh_one() {
    let fresh = fs::read_to_string(env!("STOA_HEADER")).unwrap();
    assert!(
        header() == fresh,
        "include/stoa.h is not what src/ffi says. Run: cp {} include/stoa.h",
        env!("STOA_HEADER")
    );
}

#[test]
fn it_compiles_alone_and_twice() {
    compiles_in_c_and_cpp("alone", "#include \"stoa.h\"\n");
    compiles_in_c_and_cpp("twice", "#include \"stoa.h\"\n#include \"stoa.h\"\n");
}

#[test]
fn its_first_comment_is_a_whole_program() {
    let header = header();
    let start = header.find("#include <stdio.h>").expect("a program");
    let end = start + header[start..].find("\n}\n\nBuild it with").expect("its end") + 3;
    let program = &header[start..end];
    assert!(program.lines().count() < 60);
    assert!(start < header.find("*/").unwrap() && end < header.find("*/").unwrap());
    compiles_in_c_and_cpp("program", program);
}

#[test]
fn inits_fill_every_struct() {
    let header = header();
    let inits: Vec<_> =
        header.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once("_INIT {")).collect();
    assert_eq!(inits.len(), header.matches("    size_t size;\n").count());
    let mut source = String::from("#include \"stoa.h\"\nint main(void)\n{\n    size_t sum = 0;\n");
    for (name, _) in inits {
        let variable = name.to_lowercase();
        source += &format!("    {variable} a_{variable} = {name}_INIT;\n    sum += a_{variable}.size;\n");
    }
    source += "    return (int)sum;\n}\n";
    compiles_in_c_and_cpp("inits", &source);
}

#[test]
fn the_cpp_wrapper_compiles() {
    let file = scratch("cpp").join("source.cpp");
    let listens = "void f(stoa::channel &c) { c.off(c.on(\"played\", [](const stoa_event &) {})); c.once(\"\", [](const stoa_event &) {}); }\n";
    fs::write(&file, format!("#include \"stoa.hpp\"\n#include \"stoa.hpp\"\n{listens}")).unwrap();
    compiles("c++", &["-std=c++17"], &file);
}

#[test]
fn the_cpp_wrapper_has_every_function() {
    // Numbers and constant strings: nothing to wrap.
    let plain = ["stoa_version", "stoa_version_number", "stoa_time_us", "stoa_reason_name"];
    let files = fs::read_dir(root().join("include/stoa")).unwrap();
    let text: String = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    for (function, _) in functions() {
        let name = function.as_str();
        assert!(words.contains(name) != plain.contains(&name), "{name}");
    }
}

#[test]
fn a_cpp_handle_frees_what_it_held_when_it_is_given_another() {
    let dir = scratch("cpp-handle");
    let program = r#"#include "stoa.hpp"
static int freed;
static stoa_status release(int *raw) { return raw == nullptr ? STOA_OK : (freed += *raw, STOA_OK); }
int main()
{
    int one = 1, two = 2;
    stoa::handle<int, release> first(&one), second(&two);
    first = std::move(second);
    return freed == 1 && first.get() == &two && second.get() == nullptr ? 0 : 1;
}
"#;
    let (source, out) = (dir.join("source.cpp"), dir.join("program"));
    fs::write(&source, program).unwrap();
    let include = root().join("include");
    let made = Command::new("c++").arg("-std=c++17").arg("-I").arg(include).arg(&source).arg("-o").arg(&out).status();
    assert!(made.unwrap().success() && Command::new(out).status().unwrap().success());
}

#[test]
fn every_function_is_documented() {
    for (function, comment) in functions() {
        assert!(comment.contains("Returns: "), "{function} does not say what it returns");
        assert!(comment.contains("hreads: "), "{function} does not say from which threads it may be called");
    }
}

/// What bindgen reads in the header: functions by name, and for each struct its size and its members' offsets.
#[test]
fn bindgen_reads_back_what_rust_compiled() {
    let text = bindgen::Builder::default()
        .header(root().join("include/stoa.h").to_str().unwrap())
        .allowlist_file(".*/stoa\\.h")
        .layout_tests(true)
        .generate()
        .expect("libclang is needed")
        .to_string();
    let sizes = asserted(&text, "Size of ");
    let offsets = asserted(&text, "Offset of field: ");
    use stoa::ffi::{channel, channel_data, channel_dump, channel_messages, channel_stats, channel_vad};
    use stoa::ffi::{engine, event, frame, server, stats};
    macro_rules! same_layout {
        ($type:path, $name:literal: $($field:ident),*) => {
            assert_eq!(sizes.get($name), Some(&size_of::<$type>()), $name);
            $(assert_eq!(
                offsets.get(concat!($name, "::", stringify!($field))),
                Some(&std::mem::offset_of!($type, $field)),
                concat!($name, "::", stringify!($field))
            );)*
            let members = offsets.keys().filter(|member| member.starts_with(concat!($name, "::"))).count();
            assert_eq!(members, [$(stringify!($field)),*].len(), concat!($name, ": members that are not compared"));
        };
    }
    same_layout!(engine::stoa_engine_options, "stoa_engine_options":
        size, app_id, app_certificate, url, threads, reserved, ca_file);
    same_layout!(channel::stoa_channel_options, "stoa_channel_options":
        size, name, user, token, uid, sample_rate, channels, subscribe_all, eager, send_queue_ms, send_policy,
        receive_queue_ms, receive_policy, bitrate, listen_only,
        reconnect_timeout_ms, no_reconnect, reserved);
    same_layout!(channel_data::stoa_data_options, "stoa_data_options": size, topic, to, to_count, lossy, reserved);
    same_layout!(channel_messages::stoa_message_options, "stoa_message_options":
        size, message_id, topic, to, to_count, format, lossy);
    same_layout!(server::stoa_server_options, "stoa_server_options": size, bind, keys, port, udp_port, webhooks, metrics, remote_unmute);
    same_layout!(frame::stoa_frame, "stoa_frame":
        size, timestamp_us, arrival_us, rtp_time, origin, samples_per_channel, sample_rate, channels,
        bytes_per_sample, level, voice_probability, speech, reserved);
    same_layout!(channel_vad::stoa_vad_options, "stoa_vad_options":
        size, pre_start_recognize_count, start_recognize_count, stop_recognize_count, speech_only, active_percent,
        inactive_percent, start_voice_prob, stop_voice_prob, start_rms_threshold, stop_rms_threshold);
    same_layout!(channel_dump::stoa_dump_options, "stoa_dump_options": size, directory, max_bytes, what, reserved);
    same_layout!(event::stoa_event, "stoa_event":
        size, time_us, kind, status, old_state, new_state, reason, flags, elapsed_us, id, user, text, topic, data,
        data_length, owner, message_id, format, level, track);
    same_layout!(stats::stoa_delay, "stoa_delay": count, total_us, max_us, recent_us);
    same_layout!(stats::stoa_engine_stats, "stoa_engine_stats": size, time_us, threads, channels, channels_connected, handles, cpu_media_us, cpu_dispatch_us, cpu_codec_us, cpu_server_us, callbacks, dispatch_waiting, codec_queue, codec_waiting, codec_refused, packets_sent, bytes_sent, packets_received, bytes_received, audio_packets_lost);
    same_layout!(channel_stats::stoa_channel_stats, "stoa_channel_stats": size, time_us, connections, packets_sent, bytes_sent, packets_unsent, packets_received, bytes_received, packets_rejected, round_trip, signals_sent, signals_received, signals_waiting, signal_round_trip, audio_packets_sent, audio_bytes_sent, audio_packets_lost, audio_jitter_us, audio_bitrate, audio_packets_unknown, frames_encoded, frames_silent, frames_muted, frames_unsent, frames_failed, spurts_ended, capture_queue, encode, samples_pushed, samples_sent, samples_interrupted, samples_dropped_oldest, samples_dropped_newest, samples_refused, starved, overslept, send_queue_us, send_queue_capacity_us, marks_waiting, data_packets_sent, data_bytes_sent, data_packets_received, data_bytes_received, data_packets_waiting, data_packets_refused, data_packets_dropped, data_packets_malformed, events_waiting, events_dropped, calls_waiting, messages_sent, messages_failed, messages_unqueued, messages_waiting, messages_waiting_bytes, messages_received, messages_incomplete, messages_refused, messages_untold, chunks_doubled, rpc_calls_made, rpc_calls_failed, rpc_calls_taken, rpc_calls_refused, rpc_calls_unanswered, rpc_calls_stray, cpu_us);
    same_layout!(channel_stats::stoa_stream_stats, "stoa_stream_stats": size, time_us, packets_received, bytes_received, packets_lost, packets_late, packets_duplicate, packets_discarded, packets_malformed, packets_unread, frames_decoded, frames_recovered_copy, frames_recovered_fec, frames_concealed, frames_silence, decoded_us, recovered_us, concealed_us, silence_us, inserted_us, removed_us, jitter_us, jitter_target_us, jitter_buffer_us, network_us, jitter_buffer, decode, ring, frames_written, frames_read, frames_dropped_oldest, frames_dropped_newest, frames_waiting, frames_capacity, mix_dropped_us);
    same_layout!(stats::stoa_server_stats, "stoa_server_stats": size, time_us, rooms, participants, tracks, subscriptions, joins, joins_refused, resumes, participants_failed, packets_received, bytes_received, packets_unknown, packets_malformed, packets_sent, bytes_sent, packets_unsent, media_packets_received, media_bytes_received, media_packets_unheard, media_packets_ignored, media_packets_forwarded, media_bytes_forwarded, media_dropped_unready, media_dropped_format, media_dropped_old, data_packets_received, data_bytes_received, data_packets_forwarded, data_bytes_forwarded, data_dropped_forbidden, data_dropped_malformed, data_dropped_doubled, data_dropped_full, data_waiting_bytes, websockets, websockets_dropped, signals_received, signals_sent, signals_waiting, cpu_us, service_calls, service_refused, webhooks_sent, webhooks_failed, webhooks_dropped, media_packets_lost, media_packets_lost_onward, jitter, round_trip, key_frames_asked);
    assert_eq!(sizes.len(), 14, "structs that are not compared: {sizes:?}");

    let read_back = text.matches("pub fn stoa_").count();
    let declared = functions();
    assert_eq!(read_back, declared.len());
    for (function, _) in declared {
        assert!(text.contains(&format!("pub fn {function}(")), "{function}");
    }
}

/// bindgen's layout assertions, such as `["Size of stoa_frame"][size_of::<stoa_frame>() - 56usize]`.
fn asserted(text: &str, what: &str) -> BTreeMap<String, usize> {
    text.split(&format!("[\"{what}"))
        .skip(1)
        .filter_map(|rest| {
            let (name, rest) = rest.split_once("\"]")?;
            let number = rest.split_once(" - ")?.1.split_once("usize")?.0;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect()
}

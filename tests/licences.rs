//! Every dependency has a licence that deny.toml allows, and comes from crates.io.

use std::process::Command;

#[test]
fn dependencies_are_permissive_and_from_the_registry() {
    let (allowed, exceptions) = rules(include_str!("../deny.toml"));
    assert!(allowed.contains(&"MIT".to_string()) && !allowed.contains(&"MPL-2.0".to_string()), "{allowed:?}");
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output().unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "only {} packages were found", packages.len());
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none");
        let excepted = exceptions.iter().any(|(krate, allow)| krate == name && allow == licence);
        if !excepted && !satisfied(licence, &allowed) {
            wrong.push(format!("{name}: {licence} is not allowed"));
        }
        if package["source"].as_str().is_some_and(|source| !source.contains("crates.io")) {
            wrong.push(format!("{name}: comes from {}", package["source"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = vec!["MIT".to_string(), "ISC".to_string()];
    for (expression, good) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("MIT OR ISC AND GPL-3.0", true),
        ("(MIT OR ISC) AND GPL-3.0", false),
        ("MIT WITH Odd-exception", false),
        ("", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), good, "{expression}");
    }
}

/// The strings of `allow`, and the pairs (crate, licence) of `exceptions`.
fn rules(text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let strings = |text: &str| text.split('"').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    let list = text.split_once("\nallow = [").unwrap().1.split_once(']').unwrap().0;
    let exceptions = text.lines().filter(|line| line.contains("crate = ")).map(|line| {
        let [name, licence] = strings(line).try_into().expect("one crate and one licence");
        (name, licence)
    });
    (strings(list), exceptions.collect())
}

/// Whether an SPDX expression can be fulfilled with these licences: AND binds more closely than OR.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let (mut depth, mut start) = (0, 0);
    let mut parts: Vec<(String, &str)> = Vec::new();
    let text = expression.replace('/', " OR ").replace(" WITH ", "+WITH+");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut operators = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if depth == 0 && matches!(*word, "AND" | "OR") {
            parts.push((words[start..at].join(" "), word));
            operators.push(*word);
            start = at + 1;
        }
        depth += word.matches('(').count();
        depth -= word.matches(')').count().min(depth);
    }
    parts.push((words[start..].join(" "), "OR"));
    if operators.is_empty() {
        let only = parts[0].0.as_str();
        return match only.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => satisfied(&inner.replace("+WITH+", " WITH "), allowed),
            None => allowed.contains(&only.replace("+WITH+", " WITH ")),
        };
    }
    let mut whole = true;
    for (part, next) in parts {
        whole &= satisfied(&part.replace("+WITH+", " WITH "), allowed);
        if next == "OR" {
            if whole {
                return true;
            }
            whole = true;
        }
    }
    false
}

/// Measures again what a machine that stands still tears apart, until it fits, `tries` times at most. `differs`: how it does not.
pub fn fits_once(tries: usize, mut differs: impl FnMut() -> Option<String>) {
    let differences: Vec<String> = (0..tries).map_while(|_| differs()).collect();
    assert!(differences.len() < tries, "{differences:#?}");
}

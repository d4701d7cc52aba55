//! The counters of RTP headers, which wrap, as counters that do not.

/// Extends wrapping counters of RTP headers to 64 bits.
#[derive(Debug, Default)]
pub(super) struct Unwrapper<T> {
    last: Option<u64>,
    width: core::marker::PhantomData<T>,
}

impl Unwrapper<u16> {
    pub(super) fn unwrap(&mut self, value: u16) -> u64 {
        // The first lies one turn up, so that what was reordered before it is not negative.
        let last = *self.last.get_or_insert(u64::from(value) + (1 << 16));
        let step = value.wrapping_sub(last as u16) as i16;
        let extended = last.saturating_add_signed(i64::from(step));
        self.last = Some(extended);
        extended
    }
}

impl Unwrapper<u32> {
    pub(super) fn unwrap(&mut self, value: u32) -> u64 {
        let last = *self.last.get_or_insert(u64::from(value) + (1 << 32));
        let step = value.wrapping_sub(last as u32) as i32;
        let extended = last.saturating_add_signed(i64::from(step));
        self.last = Some(extended);
        extended
    }
}

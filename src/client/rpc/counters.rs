//! What is counted of calls.

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RpcCounters {
    /// Calls out.
    pub made: u64,
    /// Of these, those that ended without an answer.
    pub failed: u64,
    /// Calls in of registered methods.
    pub taken: u64,
    /// Calls in that were answered by an error at once.
    pub refused: u64,
    /// Calls in that nobody answered in time, or whose caller left before.
    pub unanswered: u64,
    /// Requests that came twice, and answers or acknowledgements that fit to no call: late ones, and those of another than was asked.
    pub stray: u64,
}

impl RpcCounters {
    /// Adds them to those of earlier connections.
    pub(in crate::client) fn add_to(&self, sum: &mut RpcCounters) {
        sum.made += self.made;
        sum.failed += self.failed;
        sum.taken += self.taken;
        sum.refused += self.refused;
        sum.unanswered += self.unanswered;
        sum.stray += self.stray;
    }
}

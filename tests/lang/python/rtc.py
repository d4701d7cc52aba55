"""Every promise of bindings/python, each as a test. Needs $STOA_LIB, bindings/python on PYTHONPATH, and a C compiler."""

import sys
import time
import unittest

import rtc_calls
import rtc_connecting
import rtc_data
import rtc_ending
import rtc_going_on
import rtc_header
import rtc_hearing
import rtc_listening
import rtc_messages
import rtc_options
import rtc_people
import rtc_server
import rtc_speaking
import rtc_stats
import rtc_tracks

MODULES = (
    rtc_header, rtc_options, rtc_connecting, rtc_listening, rtc_speaking, rtc_hearing, rtc_tracks, rtc_messages, rtc_calls, rtc_people,
    rtc_stats, rtc_data, rtc_going_on, rtc_server, rtc_ending,
)


class Told(unittest.TextTestResult):
    """A line for each test, with its time."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        print(f"{test.id()}: {time.monotonic() - self.began:.2f} s", flush=True)


if __name__ == "__main__":
    load = unittest.defaultTestLoader
    wanted = sys.argv[1:]
    suite = load.loadTestsFromNames(wanted) if wanted else unittest.TestSuite(map(load.loadTestsFromModule, MODULES))
    result = unittest.TextTestRunner(resultclass=Told, verbosity=0).run(suite)
    if not result.wasSuccessful():
        sys.exit(1)
    print(f"all {result.testsRun} passed")

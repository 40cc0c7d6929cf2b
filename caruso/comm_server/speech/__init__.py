"""Speech synthesis: what is said where there is no recording."""

from caruso.comm_server.speech.espeak import EspeakSpeech, SpeechFailed

__all__ = ["EspeakSpeech", "SpeechFailed"]

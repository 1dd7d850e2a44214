"""people.py CLIP: finds people in a street video with OpenCV's HOG detector, round and round.

Knobs: scale and stride, which buy speed with accuracy, and threshold. Metrics: fps, latency, and acc,
how well a frame's boxes agree with those that the detector finds in it at its finest."""
import sys

import cv2

from fast import plugin

FRAMES = 16  # kept in memory
OVERLAP = 0.4  # of two boxes that are one person, as intersection over union

fps = plugin.heartbeat("fps", help="Frames that have been looked at.")
latency = plugin.timer("latency", help="Time for one frame.")
acc = plugin.gauge("acc", unit="1", help="F1 of the boxes, against those at the finest setting.")
people = plugin.gauge("people", help="Boxes in the last frame.")
scale = plugin.param("scale", default=0.75, choices=[0.75, 0.6, 0.5], help="Of the picture.")
stride = plugin.param("stride", default=8, choices=[8, 16], unit="{pixel}", help="Of the window.")
threshold = plugin.param("threshold", default=0.0, min=0.0, max=1.0, help="Least score of a box.")

detector = cv2.HOGDescriptor()
detector.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())


def detect(frame, size, step, least):
    """Boxes (x, y, width, height) in the frame's own pixels."""
    small = cv2.resize(frame, None, fx=size, fy=size)
    boxes, _ = detector.detectMultiScale(small, hitThreshold=least, winStride=(step, step),
                                         padding=(8, 8), scale=1.1)
    return [tuple(value / size for value in box) for box in boxes]


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def agreement(boxes, reference):
    """F1: 1 when each box has its own in the reference."""
    left = list(reference)
    found = 0
    for box in boxes:
        best = max(left, key=lambda other: overlap(box, other), default=None)
        if best is not None and overlap(box, best) >= OVERLAP:
            left.remove(best)
            found += 1
    return 2 * found / (len(boxes) + len(reference)) if boxes or reference else 1.0


def load(path):
    """Frames spread over the clip."""
    clip = cv2.VideoCapture(path)
    count = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    frames = []
    for i in range(FRAMES):
        clip.set(cv2.CAP_PROP_POS_FRAMES, i * count // FRAMES)
        read, frame = clip.read()
        if read:
            frames.append(frame)
    return frames


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: people.py CLIP")
    frames = load(sys.argv[1])
    if not frames:
        sys.exit("people: %s is no video that OpenCV can read" % sys.argv[1])
    cv2.setNumThreads(1)
    references = [detect(frame, scale.get(), 8, 0.0) for frame in frames]
    while True:
        for frame, reference in zip(frames, references):
            size, step, least = plugin.snapshot(scale, stride, threshold)
            with latency.time():
                boxes = detect(frame, size, step, least)
            people.set(len(boxes))
            acc.set(agreement(boxes, reference))
            fps.inc()


if __name__ == "__main__":
    main()

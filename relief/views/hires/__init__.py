"""New hires' papers: handed in on the portal, looked at on the desk.

- `portal`: the enterprise's list, one paper, uploading;
- `desk`: the officers' list, one paper and its review;
- `shown`: what both show alike.
"""
